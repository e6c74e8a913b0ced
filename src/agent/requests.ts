import { Deferred } from '../deferred.js';
import type { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type TableMessageName } from './codec.js';
import { execFailure, refusal } from './failure.js';

/** What a box uses of its machine, as its agent reports it. */
export type Stats = Message<'stats'>;

/** The pending requests for `stats`; each has a session of its own. */
export class StatsRequests {
  readonly #box: string;
  readonly #open = new Map<number, Deferred<Stats>>();

  /** @param box its name */
  constructor(box: string) {
    this.#box = box;
  }

  open(session: number): Promise<Stats> {
    const answer = new Deferred<Stats>();
    this.#open.set(session, answer);
    return answer.promise;
  }

  /** @returns whether the message belongs to one of them */
  receive(session: number, name: TableMessageName, payload: Buffer): boolean {
    const answer = this.#open.get(session);
    if (answer === undefined) return false;
    this.#open.delete(session);
    if (name === 'stats') answer.resolve(decodeMessage(name, payload));
    else if (name === 'refused') answer.reject(refusal(decodeMessage(name, payload), this.#box));
    else if (name === 'failed') answer.reject(execFailure(decodeMessage(name, payload), this.#box));
    else this.#open.set(session, answer);
    return true;
  }

  /** No more answers come. */
  fail(reason: BoxliteError): void {
    for (const answer of this.#open.values()) answer.reject(reason);
    this.#open.clear();
  }
}
