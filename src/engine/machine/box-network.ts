/** A box's network as its shim makes it: boxlite-net, and the published ports. */
import { IP_PROTOCOLS } from '../../agent/protocol.js';
import { addressBytes, ipv4Number } from '../../host/ip-address.js';
import { nativeProgram } from '../../host/native-programs.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { macAddressOf, OWN_NETWORK } from '../spec/network/own-network.js';
import type { NetPolicySpec } from '../spec/network/policy.js';
import type { PublishedPort } from '../spec/network/ports.js';
import { policyConfig } from './box-policy.js';

export interface BoxNetwork {
  /** Path of boxlite-net. */
  program: string;
  macAddress: string;
  ports: readonly PublishedPort[];
  policy?: NetPolicySpec['policy'];
}

/** Undefined for a box without a network. */
export function boxNetwork(
  spec: BoxSpec,
  id: string,
  ports: readonly PublishedPort[] = [],
): BoxNetwork | undefined {
  if (!spec.network) return undefined;
  return {
    program: nativeProgram('boxlite-net'),
    macAddress: macAddressOf(spec, id),
    ports,
    ...(spec.policy && { policy: spec.policy }),
  };
}

/** The fields of the shim's configuration. */
export function networkConfig(network: BoxNetwork | undefined, netFd: number | undefined) {
  if (network === undefined || netFd === undefined) return NO_NETWORK;
  return {
    netProgram: network.program,
    netFd,
    macAddress: macBytes(network.macAddress),
    address: ipv4Number(OWN_NETWORK.address),
    prefix: ipv4Number(OWN_NETWORK.prefix),
    prefixLength: OWN_NETWORK.prefixLength,
    gateway: ipv4Number(OWN_NETWORK.gateway),
    resolver: ipv4Number(OWN_NETWORK.resolver),
    address6: addressBytes(OWN_NETWORK.address6),
    prefix6: addressBytes(OWN_NETWORK.prefix6),
    gateway6: addressBytes(OWN_NETWORK.gateway6),
    resolver6: addressBytes(OWN_NETWORK.resolver6),
    mtu: OWN_NETWORK.mtu,
    ports: network.ports.map(portValues),
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
