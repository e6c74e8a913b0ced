import type { EndpointRecord } from '../../store/endpoints.js';
import type { NetworkRecord } from '../../store/networks.js';
import { isActive } from '../../store/status.js';
import { networkSpecOf } from '../spec/network/named/box-attachment.js';
import { parsePrefix } from '../spec/network/named/prefix.js';
import { macAddressOf } from '../spec/network/own-network.js';
import { specOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';

/** A network at the time of the call; plain values that do not change later. */
export interface NetworkInfo {
  /** 64 hex digits. */
  id: string;
  name: string;
  createdAt: Date;
  /** Its boxes reach each other, and by it nothing outside. */
  internal: boolean;
  /** One of IPv4, then one of IPv6. */
  subnets: NetworkSubnet[];
  /** The part of the IPv4 subnet from which boxes get addresses, if not all of it. */
  ipRange?: string;
  /** Addresses that no box gets, by what has them. */
  auxAddresses: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** As they were given when it was created. */
  options: Readonly<Record<string, string>>;
  /** Those attached to it, whether they run or not; by id. */
  boxes: NetworkMember[];
}

export interface NetworkSubnet {
  /** `172.18.0.0/16` */
  subnet: string;
  gateway: string;
}

/** A box in a network. */
export interface NetworkMember {
  id: string;
  name: string | undefined;
  /** IPv4, with `prefixLength`. */
  address: string;
  prefixLength: number;
  /** IPv6, in a /64. */
  address6: string;
  macAddress: string;
  aliases: readonly string[];
  /** Whether it runs, and is reached. */
  running: boolean;
}

export async function networkInfo(
  context: EngineContext,
  { id, name, createdAt, spec: stored }: NetworkRecord,
): Promise<NetworkInfo> {
  const spec = networkSpecOf(stored);
  const { length } = parsePrefix(spec.subnet);
  const endpoints = context.database().endpoints.ofNetwork(id);
  const members = await Promise.all(endpoints.map((each) => memberOf(context, each, length)));
  return {
    id,
    name,
    createdAt: new Date(createdAt),
    internal: spec.internal === true,
    subnets: [
      { subnet: spec.subnet, gateway: spec.gateway },
      { subnet: spec.subnet6, gateway: spec.gateway6 },
    ],
    ...(spec.ipRange !== undefined && { ipRange: spec.ipRange }),
    auxAddresses: spec.auxAddresses ?? {},
    labels: spec.labels,
    options: spec.options ?? {},
    boxes: members.flat(),
  };
}

/** Empty for one that has been removed meanwhile. */
async function memberOf(
  { home, database }: EngineContext,
  { boxId, address, address6, aliases }: EndpointRecord,
  prefixLength: number,
): Promise<NetworkMember[]> {
  const record = database().boxes.get(boxId);
  if (record === undefined) return [];
  const { status } = await observed(home, record, database());
  return [
    {
      id: boxId,
      name: record.name ?? undefined,
      address,
      prefixLength,
      address6,
      macAddress: macAddressOf(specOf(record.options), boxId),
      aliases,
      running: isActive(status),
    },
  ];
}
