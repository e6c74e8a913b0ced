import type { SignalHandler, SignalSource } from './context.js';

/**
 * The signals sent to this process. Node drops a signal whose listener goes before it has received it,
 * even when the next one comes at once; here whoever listens by then receives it, and when nobody does, the
 * signal does what it does by default.
 */
export class ProcessSignals implements SignalSource {
  readonly #handlers = new Map<NodeJS.Signals, Set<SignalHandler>>();

  on(signal: NodeJS.Signals, handler: SignalHandler): void {
    const handlers = this.#handlers.get(signal);
    if (handlers !== undefined) {
      handlers.add(handler);
      return;
    }
    this.#handlers.set(signal, new Set([handler]));
    process.on(signal, this.#emit);
  }

  off(signal: NodeJS.Signals, handler: SignalHandler): void {
    this.#handlers.get(signal)?.delete(handler);
  }

  readonly #emit = (signal: NodeJS.Signals): void => {
    const handlers = [...(this.#handlers.get(signal) ?? [])];
    for (const handler of handlers) handler(signal);
    if (handlers.length > 0) return;
    this.#handlers.delete(signal);
    process.off(signal, this.#emit);
    process.kill(process.pid, signal);
  };
}
