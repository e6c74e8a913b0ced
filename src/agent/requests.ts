/** What a client asks of a running box, and gets one answer to. */
import { Deferred } from '../deferred.js';
import type { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type MessageValues, type TableMessageName } from './codec.js';
import { execFailure, printable, refusal } from './failure.js';
import { STATS_FLAGS } from './protocol.js';

/** What a box uses of its machine, as its agent reports it. */
export type Stats = Message<'stats'>;

export type NetAddressValues = MessageValues<'netAddress'>;

/** A change of a running box's network, which its shim makes. */
export type NetChange =
  ('netPolicy' | 'netRates' | 'netPublish' | 'netUnpublish') | ('netConnect' | 'netDisconnect');

/** Done, with the number of a published port of the host; or refused, with Linux's errno. */
export type NetAnswer = { port: number } | { errno: number; message: string };

export interface RequestLink {
  /** A number that no session of this client has had. */
  nextSession(): number;
  send<N extends TableMessageName>(name: N, session: number, values: MessageValues<N>): void;
}

interface Received {
  session: number;
  name: TableMessageName;
  payload: Buffer;
}

/** Requests of one message and one answer; each has a session of its own. */
export class Requests {
  readonly #box: string;
  readonly #link: RequestLink;
  readonly #stats = new Map<number, Deferred<Stats>>();
  readonly #addresses = new Map<number, Deferred<undefined>>();
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

  async address(values: NetAddressValues): Promise<void> {
    await this.#ask(this.#addresses, 'netAddress', values);
  }

  network<N extends NetChange>(change: N, values: MessageValues<N>): Promise<NetAnswer> {
    return this.#ask(this.#network, change, values);
  }

  /** @returns whether the message belongs to one of them */
  receive(session: number, name: TableMessageName, payload: Buffer): boolean {
    const received = { session, name, payload };
    return (
      this.#receiveOfAgent(this.#stats, received, (message) =>
        message === 'stats' ? decodeMessage(message, payload) : null,
      ) ||
      this.#receiveOfAgent(this.#addresses, received, (message) =>
        message === 'netAddressed' ? undefined : null,
      ) ||
      this.#receiveOfShim(received)
    );
  }

  /** No more answers come. */
  fail(reason: BoxliteError): void {
    this.#ended = reason;
    for (const open of [this.#stats, this.#addresses, this.#network]) {
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

  /** @param read the answer that a message is, or null for another message */
  #receiveOfAgent<T>(
    open: Map<number, Deferred<T>>,
    { session, name, payload }: Received,
    read: (name: TableMessageName) => T | null,
  ): boolean {
    const answer = open.get(session);
    if (answer === undefined) return false;
    open.delete(session);
    const result = read(name);
    if (result !== null) answer.resolve(result);
    else if (name === 'refused') answer.reject(refusal(decodeMessage(name, payload), this.#box));
    else if (name === 'failed') answer.reject(execFailure(decodeMessage(name, payload), this.#box));
    else open.set(session, answer);
    return true;
  }

  #receiveOfShim({ session, name, payload }: Received): boolean {
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
