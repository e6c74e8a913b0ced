import type { Socket } from 'node:net';
import { BoxliteError } from '../../errors.js';

/** QMP answers are short; more than this without a newline is not QMP. */
const MAX_LINE_BYTES = 1_048_576;

type Json = Record<string, unknown>;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: BoxliteError) => void;
}

interface WaitingCommand extends Waiting {
  command: string;
}

/**
 * QEMU's machine protocol (docs/interop/qmp-spec): one JSON object per line. Answers come in the order of the
 * commands, so several can be sent without waiting. Takes a connected socket and owns it.
 */
export class QmpClient {
  readonly #socket: Socket;
  readonly #waiting: WaitingCommand[] = [];
  readonly #eventWaiters = new Set<{ matches: (event: Json) => boolean } & Waiting>();
  #buffer = '';
  #failure: BoxliteError | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#fail(`the VMM's monitor failed: ${error.message}`));
    socket.on('close', () => this.#fail("the VMM closed its monitor's connection"));
    // QEMU sends nothing but its greeting before this; there is no need to wait for it.
    this.execute('qmp_capabilities').catch(() => undefined);
  }

  /** @throws vmm-failed with QEMU's own description when the command is refused. */
  execute(command: string, args: Json = {}): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  }

  /** Resolves with the data of the first such event from now on. */
  event(name: string, matches: (data: Json) => boolean = () => true): Promise<Json> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#eventWaiters.add({
        matches: (event) => event.event === name && matches(objectOf(event.data)),
        resolve: (event) => resolve(objectOf(objectOf(event).data)),
        reject,
      });
    });
  }

  close(): void {
    this.#fail('the monitor was closed');
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#buffer += text;
    for (let end; (end = this.#buffer.indexOf('\n')) >= 0;) {
      const line = this.#buffer.slice(0, end);
      this.#buffer = this.#buffer.slice(end + 1);
      this.#handle(line);
    }
    if (this.#buffer.length > MAX_LINE_BYTES) {
      this.#fail('the VMM sent an endless line on its monitor');
      this.#socket.destroy();
    }
  }

  #handle(line: string): void {
    let message: Json;
    try {
      message = objectOf(JSON.parse(line));
    } catch {
      this.#fail('the VMM sent a line on its monitor that is not JSON');
      this.#socket.destroy();
      return;
    }
    if ('return' in message) this.#waiting.shift()?.resolve(message.return);
    else if ('error' in message) {
      const { desc } = objectOf(message.error);
      const reason = typeof desc === 'string' ? desc : 'it gave no reason';
      const refused = this.#waiting.shift();
      refused?.reject(
        new BoxliteError('vmm-failed', `the VMM refused ${refused.command}: ${reason}`),
      );
    } else if ('event' in message) {
      for (const waiter of this.#eventWaiters) {
        if (!waiter.matches(message)) continue;
        this.#eventWaiters.delete(waiter);
        waiter.resolve(message);
      }
    }
  }

  #fail(reason: string): void {
    if (this.#failure) return;
    this.#failure = new BoxliteError('vmm-failed', reason);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure);
    for (const waiter of this.#eventWaiters) waiter.reject(this.#failure);
    this.#eventWaiters.clear();
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
