import type { NetworkMember } from '../../../engine/networks/info.js';
import { sorted } from '../../../engine/report/inspect-order.js';
import { rfc3339Nano } from '../../../engine/report/rfc3339.js';
import { endpointId } from '../../../engine/spec/network/named/box-attachment.js';
import type { ShownNetwork } from '../../network/all-networks.js';
import { driverOf, SCOPE } from './network-row.js';

/** A network under Docker's keys, as `network inspect` prints it. */
export function networkInspection(network: ShownNetwork): object {
  const { subnets, boxes } = network;
  return {
    Name: network.name,
    Id: network.id,
    Created: rfc3339Nano(network.createdAt.getTime()),
    Scope: SCOPE,
    Driver: driverOf(network),
    EnableIPv6: subnets.length > 1,
    IPAM: {
      Driver: 'default',
      Options: network.builtIn === undefined ? {} : null,
      Config: subnets.length > 0 ? subnets.map((_, index) => ipamOf(network, index)) : null,
    },
    Internal: network.internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    // Docker's rule: those that run.
    Containers: sorted(
      Object.fromEntries(
        boxes.filter(({ running }) => running).map((box) => [box.id, memberOf(network, box)]),
      ),
    ),
    Options: sorted(network.options),
    Labels: sorted(network.labels),
  };
}

/** Docker notes the range and the other addresses with the subnet that they are in. */
function ipamOf({ subnets, ipRange, auxAddresses }: ShownNetwork, index: number): object {
  const isSix = index > 0;
  const aux = Object.entries(auxAddresses).filter(([, address]) => address.includes(':') === isSix);
  return {
    Subnet: subnets[index]?.subnet ?? '',
    ...(ipRange !== undefined && !isSix && { IPRange: ipRange }),
    Gateway: subnets[index]?.gateway ?? '',
    ...(aux.length > 0 && { AuxiliaryAddresses: sorted(Object.fromEntries(aux)) }),
  };
}

function memberOf({ id, builtIn }: ShownNetwork, box: NetworkMember): object {
  const { address, prefixLength, address6, macAddress } = box;
  return {
    Name: box.name ?? '',
    EndpointID: builtIn === undefined ? endpointId(id, box.id) : '',
    MacAddress: macAddress,
    IPv4Address: address === '' ? '' : `${address}/${prefixLength}`,
    IPv6Address: address6 === '' ? '' : `${address6}/64`,
  };
}
