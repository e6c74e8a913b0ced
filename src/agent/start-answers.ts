import { Deferred } from '../deferred.js';
import { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type TableMessageName } from './codec.js';
import { readReady } from './greeting.js';

/** Nanoseconds of guest time that each phase took. */
export type BootstrappedTimes = Message<'bootstrapped'>;

/** What the agent answers while its machine becomes the box; each answer comes once. */
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

  /** Messages that are no such answer are ignored. @throws `protocol` for an agent of another generation */
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

  /** The machine can't become the box. */
  fail(reason: BoxliteError): void {
    this.#ready.reject(reason);
    this.#prepared.reject(reason);
    this.#bootstrapped.reject(reason);
  }

  /** Nothing more comes: the box has ended, or the connection has. */
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
