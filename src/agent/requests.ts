import { Deferred } from '../deferred.js';
import type { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type MessageValues, type TableMessageName } from './codec.js';
import { execFailure, printable, refusal } from './failure.js';
import { STATS_FLAGS } from './protocol.js';

/** What a box uses of its machine, as its agent reports it. */
export type Stats = Message<'stats'>;

/** A change of a running box's network. */
export type NetChange = 'netPolicy' | 'netPublish' | 'netUnpublish';

/** Done, with the number of a published port of the host; or refused, with Linux's errno. */
export type NetAnswer = { port: number } | { errno: number; message: string };

export interface RequestLink {
  /** A number that no session of this client has had. */
  nextSession(): number;
  send<N extends TableMessageName>(name: N, session: number, values: MessageValues<N>): void;
}

/** Requests of one message and one answer; each has a session of its own. */
export class Requests {
  readonly #box: string;
  readonly #link: RequestLink;
  readonly #stats = new Map<number, Deferred<Stats>>();
  readonly #network = new Map<number, Deferred<NetAnswer>>();
  #ended: BoxliteError | undefined;

  /** @param box its name */
  constructor(box: string, link: RequestLink) {
    this.#box = box;
    this.#link = link;
  }

  stats({ processes = false }: { processes?: boolean } = {}): Promise<Stats> {
    const flags = processes ? STATS_FLAGS.PROCESSES : 0;
    return this.#ask(this.#stats, 'statsRequest', { flags });
  }

  network<N extends NetChange>(change: N, values: MessageValues<N>): Promise<NetAnswer> {
    return this.#ask(this.#network, change, values);
  }

  /** @returns whether the message belongs to one of them */
  receive(session: number, name: TableMessageName, payload: Buffer): boolean {
    return (
      this.#receiveStats(session, name, payload) || this.#receiveNetwork(session, name, payload)
    );
  }

  /** No more answers come. */
  fail(reason: BoxliteError): void {
    this.#ended = reason;
    for (const open of [this.#stats, this.#network]) {
      for (const answer of open.values()) answer.reject(reason);
      open.clear();
    }
  }

  #ask<T, N extends TableMessageName>(
    open: Map<number, Deferred<T>>,
    name: N,
    values: MessageValues<N>,
  ): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const session = this.#link.nextSession();
    const answer = new Deferred<T>();
    open.set(session, answer);
    this.#link.send(name, session, values);
    return answer.promise;
  }

  #receiveStats(session: number, name: TableMessageName, payload: Buffer): boolean {
    const answer = this.#stats.get(session);
    if (answer === undefined) return false;
    this.#stats.delete(session);
    if (name === 'stats') answer.resolve(decodeMessage(name, payload));
    else if (name === 'refused') answer.reject(refusal(decodeMessage(name, payload), this.#box));
    else if (name === 'failed') answer.reject(execFailure(decodeMessage(name, payload), this.#box));
    else this.#stats.set(session, answer);
    return true;
  }

  #receiveNetwork(session: number, name: TableMessageName, payload: Buffer): boolean {
    const answer = this.#network.get(session);
    if (answer === undefined || (name !== 'netDone' && name !== 'refused')) return false;
    this.#network.delete(session);
    if (name === 'netDone') answer.resolve(decodeMessage(name, payload));
    else {
      const { errno, message } = decodeMessage(name, payload);
      answer.resolve({ errno, message: printable(message) });
    }
    return true;
  }
}
