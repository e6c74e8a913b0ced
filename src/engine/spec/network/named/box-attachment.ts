/** From the networks that a box is in to the addresses and links that its machine starts with. */
import { createHash } from 'node:crypto';
import { BoxliteError } from '../../../../errors.js';
import type { NetworkAddresses, NetworkLink } from '../attachment.js';
import { OWN_NETWORK } from '../own-network.js';
import { linkNames, type NamedBox } from './network-names.js';
import type { NetworkSpec } from './network-spec.js';
import { firstAddress, parsePrefix } from './prefix.js';

/** A box in a network that exists. */
export interface Membership {
  networkId: string;
  network: string;
  address: string;
  address6: string;
  aliases: readonly string[];
  spec: NetworkSpec;
}

export interface BoxAttachment {
  addresses: NetworkAddresses;
  links: NetworkLink[];
  /** It is in networks, and none of them leads out. */
  allInternal: boolean;
}

/** @param memberships in the order of attachment */
export function boxAttachment(box: NamedBox, memberships: readonly Membership[]): BoxAttachment {
  const primary = primaryOf(memberships);
  return {
    addresses: primary ? addressesOf(primary) : OWN_NETWORK,
    links: memberships.map((membership) => linkOf(box, membership)),
    allInternal: allInternal(memberships),
  };
}

/** Whether a box that starts in these has no way out. */
export const allInternal = (memberships: readonly Pick<Membership, 'spec'>[]): boolean =>
  memberships.length > 0 && memberships.every(({ spec }) => spec.internal === true);

/** The network whose gateway is the box's way out: the first that leads out, else the first. */
export function primaryOf<M extends Pick<Membership, 'spec'>>(
  memberships: readonly M[],
): M | undefined {
  return memberships.find(({ spec }) => spec.internal !== true) ?? memberships[0];
}

function addressesOf({ spec, address, address6 }: Membership): NetworkAddresses {
  const subnet = parsePrefix(spec.subnet);
  return {
    prefix: firstAddress(subnet),
    prefixLength: subnet.length,
    address,
    gateway: spec.gateway,
    resolver: spec.resolver,
    prefix6: firstAddress(parsePrefix(spec.subnet6)),
    prefix6Length: 64,
    address6,
    gateway6: spec.gateway6,
    resolver6: spec.resolver6,
    mtu: OWN_NETWORK.mtu,
  };
}

/** Docker's id of a box's place in a network; ours follows from both, so nothing keeps it. */
export const endpointId = (networkId: string, boxId: string): string =>
  createHash('sha256').update(`${networkId} ${boxId}`).digest('hex');

/** What joins the box to one network. */
export function linkOf(
  box: NamedBox,
  { networkId, network, spec, address, address6, aliases }: Membership,
): NetworkLink {
  const subnet = parsePrefix(spec.subnet);
  return {
    network: networkId,
    prefix: firstAddress(subnet),
    prefixLength: subnet.length,
    address,
    prefix6: firstAddress(parsePrefix(spec.subnet6)),
    address6,
    names: linkNames(box, network, aliases),
  };
}

/** Reads what `settleNetwork` made. @throws store-corrupt for anything else */
export function networkSpecOf(stored: unknown): NetworkSpec {
  const spec = stored as Partial<NetworkSpec> | null;
  if (typeof spec?.subnet === 'string' && typeof spec.subnet6 === 'string')
    return spec as NetworkSpec;
  throw new BoxliteError('store-corrupt', 'the database holds a network without its subnets', {
    hint: 'restore boxlite.db in the home from a copy, or move it away',
  });
}
