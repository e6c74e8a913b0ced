/** Docker's `network.Inspect` and its parts. */
import { flag, list, map, struct, text } from './go-type.js';
import { time } from './time.js';

const IPAM = struct({
  Driver: text,
  Options: map(),
  Config: list(
    struct(
      { Subnet: text, IPRange: text, Gateway: text, AuxAddress: map() },
      { AuxAddress: 'AuxiliaryAddresses' },
    ),
  ),
});

const ENDPOINT = struct({
  Name: text,
  EndpointID: text,
  MacAddress: text,
  IPv4Address: text,
  IPv6Address: text,
});

/** A network as templates see it. */
export const NETWORK = struct(
  {
    Name: text,
    ID: text,
    Created: time,
    Scope: text,
    Driver: text,
    EnableIPv6: flag,
    IPAM,
    Internal: flag,
    Attachable: flag,
    Ingress: flag,
    ConfigFrom: struct({ Network: text }),
    ConfigOnly: flag,
    Containers: map(ENDPOINT),
    Options: map(),
    Labels: map(),
    Peers: list(),
    Services: map(),
  },
  { ID: 'Id' },
);
