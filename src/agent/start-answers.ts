import { Deferred } from '../deferred.js';
import { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type TableMessageName } from './codec.js';
import { readReady } from './greeting.js';

/** Nanoseconds of guest time that each phase took. */
export type BootstrappedTimes = Message<'bootstrapped'>;

/** The agent's answers while its machine becomes the box; each comes once. */
export class StartAnswers {
  readonly #box: string;
  readonly #ready = new Deferred<{ uptimeNs: bigint }>();
  readonly #prepared = new Deferred<undefined>();
  readonly #bootstrapped = new Deferred<BootstrappedTimes>();

  /** @param box its name */
  constructor(box: string) {
    this.#box = box;
  }

  get ready(): Promise<{ uptimeNs: bigint }> {
    return this.#ready.promise;
  }

  get prepared(): Promise<void> {
    return this.#prepared.promise;
  }

  get bootstrapped(): Promise<BootstrappedTimes> {
    return this.#bootstrapped.promise;
  }

  /** Ignores all other messages. @throws `protocol` for an agent of another generation */
  receive(name: TableMessageName, payload: Buffer): void {
    switch (name) {
      case 'ready':
        this.#ready.resolve(readReady(payload, this.#box));
        break;
      case 'prepared':
        this.#prepared.resolve(undefined);
        break;
      case 'bootstrapped':
        this.#bootstrapped.resolve(decodeMessage(name, payload));
        break;
    }
  }

  /** Rejects the open answers: the machine can't become the box. */
  fail(reason: BoxliteError): void {
    this.#ready.reject(reason);
    this.#prepared.reject(reason);
    this.#bootstrapped.reject(reason);
  }

  /** No more answers come: the box or the connection has ended. */
  end(reason: BoxliteError): void {
    this.#ready.reject(this.#atStage('agent', reason));
    this.#prepared.reject(this.#atStage('disks', reason));
    this.#bootstrapped.reject(this.#atStage('bootstrap', reason));
  }

  #atStage(stage: string, reason: BoxliteError): BoxliteError {
    if (reason.code !== 'vmm-failed' && reason.code !== 'box-not-running') return reason;
    return new BoxliteError('boot-failed', `box ${this.#box} ended while it was being started`, {
      stage,
      cause: reason,
    });
  }
}
