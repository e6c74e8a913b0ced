/** Where a box's network interface stands, and the named networks that it is linked to. */

/** The addresses of the network that is a box's primary one: addresses as text, each prefix's first. */
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

/** A box's place in a named network. */
export interface NetworkLink {
  /** The network's id. */
  network: string;
  prefix: string;
  prefixLength: number;
  address: string;
  prefix6: string;
  address6: string;
  /** The box's names in this network, lower case. */
  names: readonly string[];
}
