import type { SignalHandler, SignalSource } from './context.js';

/**
 * Delivers the signals sent to this process. Node drops a pending signal if its listener is removed before
 * delivery, even if another is added at once. Here, any listener at the time of delivery receives it; without
 * one, the signal has its default effect.
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
