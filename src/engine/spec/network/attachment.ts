/** A box's networks, as its virtual machine and its boxlite-net have them. */

/** The addresses of its interface, and of who serves it there. */
export interface NetworkAddresses {
  prefix: string;
  prefixLength: number;
  address: string;
  gateway: string;
  resolver: string;
  prefix6: string;
  prefix6Length: 64;
  address6: string;
  gateway6: string;
  resolver6: string;
  mtu: number;
}

/** What joins it to the other boxes of a network. */
export interface NetworkLink {
  /** The network's id. */
  network: string;
  prefix: string;
  prefixLength: number;
  address: string;
  /** A /64. */
  prefix6: string;
  address6: string;
  /** By which the other boxes find it, in lower case. */
  names: readonly string[];
}
