/** The networks that were created, and the two that Docker always has, which boxes have without one. */
import { createHash } from 'node:crypto';
import { noSuchNetwork } from '../../engine/networks/find.js';
import type { NetworkInfo, NetworkMember } from '../../engine/networks/info.js';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { OWN_NETWORK } from '../../engine/spec/network/own-network.js';
import type { BoxInfo } from '../../engine/state/box-info.js';
import { BoxliteError } from '../../errors.js';

export interface ShownNetwork extends NetworkInfo {
  /** Undefined for one that was created. */
  builtIn?: 'bridge' | 'none';
}

/** Go's zero time: these have never been created. */
const ALWAYS = new Date('0001-01-01T00:00:00Z');

/** By name. */
export async function allNetworks(runtime: BoxliteRuntime): Promise<ShownNetwork[]> {
  const [created, boxes] = await Promise.all([runtime.networks.list(), runtime.listInfo()]);
  return [...created, bridge(boxes), none(boxes)].sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

/**
 * By full id, else by name, else by the only id that begins so (Docker's order).
 * @throws network-not-found, network-ambiguous
 */
export function findNetwork(networks: readonly ShownNetwork[], nameOrId: string): ShownNetwork {
  const id = nameOrId.toLowerCase();
  const exact =
    networks.find((each) => each.id === id) ??
    networks.find(({ name }) => name === nameOrId) ??
    // What `--network` calls it.
    networks.find(({ builtIn }) => builtIn === 'bridge' && nameOrId === 'default');
  if (exact !== undefined) return exact;
  const [found, other] = id === '' ? [] : networks.filter((each) => each.id.startsWith(id));
  if (found === undefined) throw noSuchNetwork(nameOrId);
  if (other !== undefined)
    throw new BoxliteError('network-ambiguous', `network ${nameOrId} is ambiguous`, {
      hint: 'give more characters of the id, or the name',
    });
  return found;
}

/** The engine knows their names, but not their ids. @throws invalid-argument in Docker's words */
export function refuseBuiltIn(nameOrId: string): void {
  const builtIn = builtInOf(nameOrId);
  if (builtIn !== undefined)
    throw new BoxliteError(
      'invalid-argument',
      `${builtIn} is a pre-defined network and cannot be removed`,
      { hint: 'remove one that was created' },
    );
}

/** By name, or at least as many digits of its id as `network ls` shows. */
export function builtInOf(nameOrId: string): 'bridge' | 'none' | undefined {
  const id = nameOrId.toLowerCase();
  return BUILT_IN.find(
    (each) => nameOrId === each || (id.length >= SHORT_ID && idOf(each).startsWith(id)),
  );
}

const SHORT_ID = 12;

const BUILT_IN = ['bridge', 'none'] as const;

const idOf = (name: string): string => createHash('sha256').update(`boxlite ${name}`).digest('hex');

function bridge(boxes: readonly BoxInfo[]): ShownNetwork {
  const { prefix, prefixLength, gateway, prefix6, prefix6Length, gateway6 } = OWN_NETWORK;
  const isIn = ({ network, networks = [] }: BoxInfo): boolean =>
    network === 'default' && networks.length === 0;
  return {
    ...builtIn('bridge'),
    subnets: [
      { subnet: `${prefix}/${prefixLength}`, gateway },
      { subnet: `${prefix6}/${prefix6Length}`, gateway: gateway6 },
    ],
    boxes: boxes.filter(isIn).map((box) => ({ ...memberOf(box), ...OWN_ADDRESSES })),
  };
}

const OWN_ADDRESSES = {
  address: OWN_NETWORK.address,
  prefixLength: OWN_NETWORK.prefixLength,
  address6: OWN_NETWORK.address6,
};

function none(boxes: readonly BoxInfo[]): ShownNetwork {
  return {
    ...builtIn('none'),
    boxes: boxes.filter(({ network }) => network === 'none').map(memberOf),
  };
}

function builtIn(name: 'bridge' | 'none'): ShownNetwork {
  return {
    id: idOf(name),
    name,
    builtIn: name,
    createdAt: ALWAYS,
    internal: false,
    subnets: [],
    auxAddresses: {},
    labels: {},
    options: {},
    boxes: [],
  };
}

const memberOf = ({ id, name, status }: BoxInfo): NetworkMember => ({
  ...{ id, name, address: '', prefixLength: 0, address6: '', macAddress: '', aliases: [] },
  running: status === 'running' || status === 'stopping',
});
