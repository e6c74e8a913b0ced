/** Changes of the network of a box that runs, which its shim and boxlite-net make. */
import { constants } from 'node:os';
import type { ShimClient } from '../../agent/client.js';
import type { MessageValues } from '../../agent/codec.js';
import type { NetAnswer, NetChange } from '../../agent/requests.js';
import { BoxliteError } from '../../errors.js';
import { linkValues, portValues, rateValues } from '../machine/box-network.js';
import { policyConfig } from '../machine/box-policy.js';
import { portOfRefusal, type RefusedPort } from '../machine/records.js';
import { orLate } from '../machine/within.js';
import type { NetworkLink } from '../spec/network/attachment.js';
import type { NetPolicySpec } from '../spec/network/policy.js';
import type { PublishedPort } from '../spec/network/ports.js';
import type { NetRateSpec } from '../spec/network/rates.js';

/** boxlite-net answers in milliseconds, but it may have been stopped. */
const ANSWER_MS = 10_000;

/** Linux's number for a box without boxlite-net; Node does not list it. */
const ENETDOWN = 100;

/** @returns the port with its number, or why the host refuses it. @throws box-state, timeout, vmm-failed */
export async function publishPort(
  client: ShimClient,
  box: string,
  port: PublishedPort,
): Promise<{ port: PublishedPort } | { refused: RefusedPort }> {
  const answer = await ask(client, box, 'netPublish', portValues(port));
  if ('port' in answer) return { port: { ...port, hostPort: answer.port } };
  const refused = portOfRefusal(answer);
  if (refused === undefined) throw failure(box, answer);
  return { refused };
}

/** A port that is not published is no error. */
export async function unpublishPort(
  client: ShimClient,
  box: string,
  port: PublishedPort,
): Promise<void> {
  const answer = await ask(client, box, 'netUnpublish', portValues(port));
  if ('errno' in answer && answer.errno !== constants.errno.ENOENT) throw failure(box, answer);
}

export async function setPolicy(
  client: ShimClient,
  box: string,
  policy: NetPolicySpec,
): Promise<void> {
  const answer = await ask(client, box, 'netPolicy', policyConfig(policy));
  if ('errno' in answer) throw failure(box, answer);
}

export async function setRates(client: ShimClient, box: string, rates: NetRateSpec): Promise<void> {
  const answer = await ask(client, box, 'netRates', rateValues(rates));
  if ('errno' in answer) throw failure(box, answer);
}

export async function connectLink(
  client: ShimClient,
  box: string,
  link: NetworkLink,
): Promise<void> {
  let answer = await ask(client, box, 'netConnect', linkValues(link));
  // Left by a connection or a disconnection that was broken off.
  if ('errno' in answer && answer.errno === constants.errno.EEXIST) {
    await disconnectLink(client, box, link.network);
    answer = await ask(client, box, 'netConnect', linkValues(link));
  }
  if ('errno' in answer) throw failure(box, answer);
}

/** A network that the box has no link to is no error. */
export async function disconnectLink(
  client: ShimClient,
  box: string,
  network: string,
): Promise<void> {
  const answer = await ask(client, box, 'netDisconnect', { network });
  if ('errno' in answer && answer.errno !== constants.errno.ENOENT) throw failure(box, answer);
}

function ask<N extends NetChange>(
  client: ShimClient,
  box: string,
  change: N,
  values: MessageValues<N>,
): Promise<NetAnswer> {
  return orLate(client.changeNetwork(change, values), ANSWER_MS, () => {
    const text = `boxlite-net of box ${box} did not answer within ${ANSWER_MS / 1000} s`;
    return new BoxliteError('timeout', text, restart(box));
  });
}

function failure(box: string, { errno, message }: { errno: number; message: string }) {
  if (errno === constants.errno.EPROTO)
    return new BoxliteError(
      'unsupported',
      `box ${box} was started by an older BoxLite, which can't change its network while it runs`,
      restart(box),
    );
  if (errno === ENETDOWN || errno === constants.errno.EPIPE)
    return new BoxliteError(
      'box-state',
      `box ${box} has lost its network: ${message}`,
      restart(box),
    );
  return new BoxliteError(
    'vmm-failed',
    `the network of running box ${box} was not changed: ${message}`,
    restart(box),
  );
}

const restart = (box: string) =>
  ({ hint: 'restart it', remedy: { action: 'restart', box } }) as const;
