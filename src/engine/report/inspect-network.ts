import type { BoxRecord } from '../../store/box-record.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { livePorts, networkName } from '../spec/network/box-network.js';
import { macAddressOf, OWN_NETWORK } from '../spec/network/own-network.js';
import { type BoxPort, boxPortText } from '../spec/network/ports.js';
import { sorted } from './inspect-order.js';

/** Docker's `NetworkSettings`; a box has ports and addresses only while it runs. */
export function inspectNetwork(
  spec: BoxSpec,
  { id, ports }: Pick<BoxRecord, 'id' | 'ports'>,
  running: boolean,
): Record<string, unknown> {
  const live = livePorts(spec, ports, running);
  const addresses = running && spec.network ? addressesOf(spec, id) : NO_ADDRESS;
  const { Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen, IPAddress, IPPrefixLen } = addresses;
  const { IPv6Gateway, MacAddress } = addresses;
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: '',
    Ports: sorted({
      ...Object.fromEntries(live.exposed.map((port) => [port, null])),
      ...bindings(live.published, ({ hostPort }) => String(hostPort)),
    }),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: '',
    ...addresses,
    Networks: {
      [networkName(spec)]: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress,
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: '',
        EndpointID: '',
        Gateway,
        IPAddress,
        IPPrefixLen,
        IPv6Gateway,
        GlobalIPv6Address,
        GlobalIPv6PrefixLen,
        DNSNames: null,
      },
    },
  };
}

/** Part of `HostConfig`: what the caller asked for, with the address that was settled when it was created. */
export function hostConfigPorts({ ports = [], publishAll }: BoxSpec) {
  const asked = ports.filter(({ exposed }) => exposed !== true);
  return { PortBindings: sorted(bindings(asked, askedPort)), PublishAllPorts: publishAll === true };
}

/** BoxLite's own: what the box may reach; null without rules. */
export function inspectPolicy({ policy }: BoxSpec) {
  const { allow = [], deny = [], hostPorts = [] } = policy ?? {};
  if (allow.length + deny.length + hostPorts.length === 0) return null;
  return { Allow: allow, Deny: deny, HostPorts: hostPorts };
}

/** Empty where the system chooses, as in Docker. */
function askedPort({ hostPort, lastHostPort }: BoxPort): string {
  if (lastHostPort !== undefined) return `${hostPort}-${lastHostPort}`;
  return hostPort === 0 ? '' : String(hostPort);
}

interface Binding {
  HostIp: string;
  HostPort: string;
}

function bindings<P extends BoxPort>(
  ports: readonly P[],
  hostPort: (port: P) => string,
): Record<string, Binding[]> {
  const found: Record<string, Binding[]> = {};
  for (const port of ports)
    (found[boxPortText(port)] ??= []).push({ HostIp: port.hostAddress, HostPort: hostPort(port) });
  return found;
}

const addressesOf = (spec: BoxSpec, id: string) => ({
  Gateway: OWN_NETWORK.gateway,
  GlobalIPv6Address: OWN_NETWORK.address6,
  GlobalIPv6PrefixLen: OWN_NETWORK.prefix6Length,
  IPAddress: OWN_NETWORK.address,
  IPPrefixLen: OWN_NETWORK.prefixLength,
  IPv6Gateway: OWN_NETWORK.gateway6,
  MacAddress: macAddressOf(spec, id),
});

const NO_ADDRESS = {
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
};
