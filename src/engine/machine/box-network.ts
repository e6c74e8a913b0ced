/** A box's network as its shim makes it: boxlite-net, and the published ports. */
import { IP_PROTOCOLS } from '../../agent/protocol.js';
import { addressBytes, ipv4Number } from '../../host/ip-address.js';
import { nativeProgram } from '../../host/native-programs.js';
import type { BoxSpec } from '../spec/box-spec.js';
import type { NetworkAddresses } from '../spec/network/attachment.js';
import { macAddressOf, OWN_NETWORK } from '../spec/network/own-network.js';
import type { NetPolicySpec } from '../spec/network/policy.js';
import type { PublishedPort } from '../spec/network/ports.js';
import { policyConfig } from './box-policy.js';

export interface BoxNetwork {
  /** Path of boxlite-net. */
  program: string;
  macAddress: string;
  ports: readonly PublishedPort[];
  /** Of the primary network. */
  addresses: NetworkAddresses;
  policy?: NetPolicySpec['policy'];
}

/** Undefined for a box without a network. @param addresses of its primary network */
export function boxNetwork(
  spec: BoxSpec,
  id: string,
  ports: readonly PublishedPort[] = [],
  addresses: NetworkAddresses = OWN_NETWORK,
): BoxNetwork | undefined {
  if (!spec.network) return undefined;
  return {
    program: nativeProgram('boxlite-net'),
    macAddress: macAddressOf(spec, id),
    ports,
    addresses,
    ...(spec.policy && { policy: spec.policy }),
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
    ports: network.ports.map(({ protocol, hostAddress, hostPort, boxPort }) => ({
      protocol: protocol === 'tcp' ? IP_PROTOCOLS.TCP : IP_PROTOCOLS.UDP,
      hostAddress: addressBytes(hostAddress),
      hostPort,
      boxPort,
    })),
    ...policyConfig(network),
  };
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
};

/** 02:42:ac:11:00:02 → 6 bytes */
export const macBytes = (address: string): Buffer =>
  Buffer.from(address.replaceAll(':', ''), 'hex');
