import { Deferred } from '../deferred.js';
import type { BoxliteError } from '../errors.js';
import { decodeMessage, type Message, type MessageValues, type TableMessageName } from './codec.js';
import { execFailure, refusal } from './failure.js';

/** What a box uses of its machine, as its agent reports it. */
export type Stats = Message<'stats'>;

/** The answers to requests: the agent's, and the shim's about the box's network. */
export type AnswerName = 'stats' | 'netAddressed' | 'netDone';

export type NetAddressValues = MessageValues<'netAddress'>;

export type NetAnswer = Message<'netDone'>;

/** What the shim changes of the network of a box that runs. */
export type NetChange =
  ('netPolicy' | 'netPublish' | 'netUnpublish') | ('netConnect' | 'netDisconnect');

interface OpenRequest {
  /** Takes the message of the name that it waits for. */
  answer(name: TableMessageName, payload: Buffer): boolean;
  reject(reason: BoxliteError): void;
}

/** The pending requests to a box; each has a session of its own, which the answer ends. */
export class Requests {
  readonly #box: string;
  readonly #open = new Map<number, OpenRequest>();

  /** @param box its name */
  constructor(box: string) {
    this.#box = box;
  }

  open<N extends AnswerName>(session: number, expected: N): Promise<Message<N>> {
    const result = new Deferred<Message<N>>();
    this.#open.set(session, {
      answer: (name, payload) => {
        if (name !== expected) return false;
        result.resolve(decodeMessage(expected, payload));
        return true;
      },
      reject: (reason) => result.reject(reason),
    });
    return result.promise;
  }

  /** @returns whether the message belongs to one of them */
  receive(session: number, name: TableMessageName, payload: Buffer): boolean {
    const request = this.#open.get(session);
    if (request === undefined) return false;
    const failure = this.#failure(name, payload);
    if (failure) request.reject(failure);
    if (failure !== undefined || request.answer(name, payload)) this.#open.delete(session);
    return true;
  }

  /** No more answers come. */
  fail(reason: BoxliteError): void {
    for (const request of this.#open.values()) request.reject(reason);
    this.#open.clear();
  }

  #failure(name: TableMessageName, payload: Buffer): BoxliteError | undefined {
    if (name === 'refused') return refusal(decodeMessage(name, payload), this.#box);
    if (name === 'failed') return execFailure(decodeMessage(name, payload), this.#box);
    return undefined;
  }
}
