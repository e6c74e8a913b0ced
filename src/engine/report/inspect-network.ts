import type { BoxSpec } from '../spec/box-spec.js';
import { livePorts, networkName } from '../spec/network/box-network.js';
import { sorted } from './inspect-order.js';

/** Nothing outside can reach the box, so no address would mean anything to others. */
const NO_ADDRESS = {
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
};

/** Docker's `NetworkSettings`: the exposed ports of a running box with a network, bound to nothing. */
export function inspectNetwork(spec: BoxSpec, running: boolean): Record<string, unknown> {
  const listening = livePorts(spec, running);
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: '',
    Ports: sorted(Object.fromEntries(listening.map((port) => [port, null]))),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...NO_ADDRESS,
    Networks: {
      [networkName(spec)]: {
        IPAMConfig: null,
        Links: null,
        Aliases: null,
        MacAddress: '',
        DriverOpts: null,
        GwPriority: 0,
        NetworkID: '',
        EndpointID: '',
        Gateway: '',
        IPAddress: '',
        IPPrefixLen: 0,
        IPv6Gateway: '',
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: null,
      },
    },
  };
}
