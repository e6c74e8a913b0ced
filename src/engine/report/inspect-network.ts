import type { BoxRecord } from '../../store/box-record.js';
import type { EndpointRecord } from '../../store/endpoints.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { livePorts, networkName } from '../spec/network/box-network.js';
import { endpointId, primaryOf } from '../spec/network/named/box-attachment.js';
import { memberNames } from '../spec/network/named/network-names.js';
import type { NetworkSpec } from '../spec/network/named/network-spec.js';
import { macAddressOf, OWN_NETWORK } from '../spec/network/own-network.js';
import { type BoxPort, boxPortText } from '../spec/network/ports.js';
import { sorted } from './inspect-order.js';

/** A network with a name that the box is in; without a spec it has been removed. */
export type InspectedNetwork = EndpointRecord & { spec?: NetworkSpec };

type Inspected = Pick<BoxRecord, 'id' | 'name' | 'ports' | 'startedAt'>;

/** Docker's `NetworkSettings`; a box has ports and addresses only while it runs. */
export function inspectNetwork(
  spec: BoxSpec,
  record: Inspected,
  running: boolean,
  named: readonly InspectedNetwork[] = [],
): Record<string, unknown> {
  const live = livePorts(spec, record.ports, running);
  const macAddress = running && spec.network ? macAddressOf(spec, record.id) : '';
  // A running box that was attached later keeps the addresses of its start.
  const atStart = named.filter(({ joinedRunning }) => !joinedRunning);
  const hasOwn = (running ? atStart : named).length === 0;
  const own = hasOwn && running && spec.network ? OWN_ADDRESSES : NO_ADDRESS;
  const addresses = hasOwn ? { ...own, MacAddress: macAddress } : NO_ADDRESS;
  const primary = primaryOf(atStart.flatMap(existing));
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
    // Docker's rule: those of its default network, and of no other.
    ...addresses,
    Networks: sorted({
      ...(hasOwn && { [networkName(spec)]: inOrder({ addresses }) }),
      ...Object.fromEntries(
        named.map((each) => [
          each.network,
          inOrder({
            named: each,
            names: memberNames({ ...record, hostname: spec.hostname }, each.aliases),
            addresses: running
              ? {
                  ...addressesIn(each, each.networkId === primary?.networkId),
                  MacAddress: macAddress,
                }
              : NO_ADDRESS,
          }),
        ]),
      ),
    }),
  };
}

interface Part {
  named?: InspectedNetwork;
  names?: string[];
  addresses: Addresses;
}

/** One of Docker's `Networks`. */
function inOrder({ named, names, addresses }: Part): Record<string, unknown> {
  const { Gateway, GlobalIPv6Address, GlobalIPv6PrefixLen, IPAddress, IPPrefixLen } = addresses;
  const { IPv6Gateway, MacAddress } = addresses;
  const aliases = named?.aliases ?? [];
  return {
    IPAMConfig: ipamConfig(named?.asked),
    Links: null,
    Aliases: aliases.length > 0 ? aliases : null,
    MacAddress,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID: named?.networkId ?? '',
    EndpointID:
      named !== undefined && IPAddress !== '' ? endpointId(named.networkId, named.boxId) : '',
    Gateway,
    IPAddress,
    IPPrefixLen,
    IPv6Gateway,
    GlobalIPv6Address,
    GlobalIPv6PrefixLen,
    DNSNames: names ?? null,
  };
}

/** The addresses that were asked for; null without. */
function ipamConfig({ ip, ip6 }: InspectedNetwork['asked'] = {}): Record<string, string> | null {
  if (ip === undefined && ip6 === undefined) return null;
  return {
    ...(ip !== undefined && { IPv4Address: ip }),
    ...(ip6 !== undefined && { IPv6Address: ip6 }),
  };
}

const existing = (network: InspectedNetwork) =>
  network.spec === undefined ? [] : [{ ...network, spec: network.spec }];

/** Only its primary network has a gateway of the box's. */
function addressesIn({ spec, address, address6 }: InspectedNetwork, isPrimary: boolean) {
  return {
    Gateway: isPrimary ? (spec?.gateway ?? '') : '',
    GlobalIPv6Address: address6,
    GlobalIPv6PrefixLen: 64,
    IPAddress: address,
    IPPrefixLen: Number(spec?.subnet.split('/')[1] ?? 0),
    IPv6Gateway: isPrimary ? (spec?.gateway6 ?? '') : '',
  };
}

/** Part of `HostConfig`: what the caller asked for, with the address that was settled when it was created. */
export function hostConfigPorts({ ports = [], publishAll }: BoxSpec) {
  const asked = ports.filter(({ exposed }) => exposed !== true);
  return { PortBindings: sorted(bindings(asked, askedPort)), PublishAllPorts: publishAll === true };
}

/** BoxLite's own: what the box may reach; null without rules. */
export function inspectPolicy({ policy }: BoxSpec) {
  const { allow = [], deny = [], hostPorts = [], log = false } = policy ?? {};
  if (allow.length + deny.length + hostPorts.length === 0 && !log) return null;
  return { Allow: allow, Deny: deny, HostPorts: hostPorts, Log: log };
}

/** BoxLite's own: how fast the box may send and receive; null without caps. */
export function inspectRates({ netTxBytesPerSecond = 0, netRxBytesPerSecond = 0 }: BoxSpec) {
  if (netTxBytesPerSecond + netRxBytesPerSecond === 0) return null;
  return { TxBytesPerSecond: netTxBytesPerSecond, RxBytesPerSecond: netRxBytesPerSecond };
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

interface Addresses {
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
}

const OWN_ADDRESSES = {
  Gateway: OWN_NETWORK.gateway,
  GlobalIPv6Address: OWN_NETWORK.address6,
  GlobalIPv6PrefixLen: OWN_NETWORK.prefix6Length,
  IPAddress: OWN_NETWORK.address,
  IPPrefixLen: OWN_NETWORK.prefixLength,
  IPv6Gateway: OWN_NETWORK.gateway6,
};

const NO_ADDRESS: Addresses = {
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
};
