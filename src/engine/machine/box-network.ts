/** A box's network as its shim makes it: boxlite-net, and the published ports. */
import { IP_PROTOCOLS } from '../../agent/protocol.js';
import { addressBytes, ipv4Number } from '../../host/ip-address.js';
import { nativeProgram } from '../../host/native-programs.js';
import type { BoxSpec } from '../spec/box-spec.js';
import type { NetworkAddresses, NetworkLink } from '../spec/network/attachment.js';
import { macAddressOf, OWN_NETWORK } from '../spec/network/own-network.js';
import type { NetPolicySpec } from '../spec/network/policy.js';
import type { PublishedPort } from '../spec/network/ports.js';
import type { NetRateSpec } from '../spec/network/rates.js';
import { policyConfig } from './box-policy.js';

export interface BoxNetwork extends NetRateSpec {
  /** Path of boxlite-net. */
  program: string;
  macAddress: string;
  ports: readonly PublishedPort[];
  policy?: NetPolicySpec['policy'];
  /** Of its primary network. */
  addresses: NetworkAddresses;
  /** To named networks; the primary one is among them, if it has a name. */
  links: readonly NetworkLink[];
  /** Where hubs are, and the program that is one; undefined: the box is never in a named network. */
  hubs?: { directory: string; program: string };
}

/** What the box has of named networks, all of it optional: without, it has its own network and no other. */
export interface NamedNetworks {
  addresses?: NetworkAddresses;
  links?: readonly NetworkLink[];
  /** It is in named networks, and none of them leads out. */
  allInternal?: boolean;
  /** HOME/networks */
  directory?: string;
}

/** Undefined for a box without a network. */
export function boxNetwork(
  spec: BoxSpec,
  id: string,
  ports: readonly PublishedPort[] = [],
  { addresses = OWN_NETWORK, links = [], allInternal = false, directory }: NamedNetworks = {},
): BoxNetwork | undefined {
  if (!spec.network) return undefined;
  return {
    program: nativeProgram('boxlite-net'),
    macAddress: macAddressOf(spec, id),
    ports,
    addresses,
    links,
    ...(directory !== undefined && { hubs: { directory, program: nativeProgram('boxlite-hub') } }),
    ...policyAtStart(spec, allInternal),
    ...ratesOf(spec),
  };
}

function ratesOf({ netTxBytesPerSecond, netRxBytesPerSecond }: NetRateSpec): NetRateSpec {
  return {
    ...(netTxBytesPerSecond !== undefined && { netTxBytesPerSecond }),
    ...(netRxBytesPerSecond !== undefined && { netRxBytesPerSecond }),
  };
}

/**
 * A box in internal networks alone has no way out. What it is denied stays denied among their boxes; nothing can be
 * allowed.
 */
export function policyAtStart({ policy }: NetPolicySpec, allInternal: boolean): NetPolicySpec {
  if (!allInternal) return policy === undefined ? {} : { policy };
  const { deny, hostPorts, log } = policy ?? {};
  return {
    policy: {
      network: 'internal',
      ...(deny && { deny }),
      ...(hostPorts && { hostPorts }),
      ...(log !== undefined && { log }),
    },
  };
}

/** The fields of the shim's configuration. */
export function networkConfig(network: BoxNetwork | undefined, netFd: number | undefined) {
  if (network === undefined || netFd === undefined) return NO_NETWORK;
  const { addresses } = network;
  return {
    netProgram: network.program,
    netFd,
    macAddress: macBytes(network.macAddress),
    address: ipv4Number(addresses.address),
    prefix: ipv4Number(addresses.prefix),
    prefixLength: addresses.prefixLength,
    gateway: ipv4Number(addresses.gateway),
    resolver: ipv4Number(addresses.resolver),
    address6: addressBytes(addresses.address6),
    prefix6: addressBytes(addresses.prefix6),
    gateway6: addressBytes(addresses.gateway6),
    resolver6: addressBytes(addresses.resolver6),
    mtu: addresses.mtu,
    ports: network.ports.map(portValues),
    ...policyConfig(network),
    ...rateValues(network),
    networkDirectory: network.hubs?.directory ?? '',
    hubProgram: network.hubs?.program ?? '',
    links: network.links.map(linkValues),
  };
}

/** A link as the shim takes it, in its configuration and while the box runs. */
export const linkValues = (link: NetworkLink) => ({
  network: link.network,
  prefix: ipv4Number(link.prefix),
  prefixLength: link.prefixLength,
  address: ipv4Number(link.address),
  prefix6: addressBytes(link.prefix6),
  address6: addressBytes(link.address6),
  names: link.names.join(' '),
});

/** The caps as the shim takes them, in its configuration and while the box runs. */
export function rateValues({ netTxBytesPerSecond = 0, netRxBytesPerSecond = 0 }: NetRateSpec) {
  return { netTx: BigInt(netTxBytesPerSecond), netRx: BigInt(netRxBytesPerSecond) };
}

const NO_NETWORK = {
  netProgram: '',
  netFd: 0,
  macAddress: '',
  address: 0,
  prefix: 0,
  prefixLength: 0,
  gateway: 0,
  resolver: 0,
  address6: '',
  prefix6: '',
  gateway6: '',
  resolver6: '',
  mtu: 0,
  ports: [],
  ...policyConfig({}),
  ...rateValues({}),
  networkDirectory: '',
  hubProgram: '',
  links: [],
};

/** The fields of a published port. */
export const portValues = ({ protocol, hostAddress, hostPort, boxPort }: PublishedPort) => ({
  protocol: protocol === 'tcp' ? IP_PROTOCOLS.TCP : IP_PROTOCOLS.UDP,
  hostAddress: addressBytes(hostAddress),
  hostPort,
  boxPort,
});

/** 02:42:ac:11:00:02 → 6 bytes */
export const macBytes = (address: string): Buffer =>
  Buffer.from(address.replaceAll(':', ''), 'hex');
