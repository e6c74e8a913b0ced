/** What a box has in the networks that it is in, as its boxlite-net and its hubs need it. */

/** The addresses of the network that the box's own gateway and resolver are in: the shape of `OWN_NETWORK`. */
export interface NetworkAddresses {
  readonly prefix: string;
  readonly prefixLength: number;
  /** The box's. */
  readonly address: string;
  readonly gateway: string;
  readonly resolver: string;
  readonly prefix6: string;
  readonly prefix6Length: 64;
  readonly address6: string;
  readonly gateway6: string;
  readonly resolver6: string;
  readonly mtu: number;
}

/** A named network that the box is linked to. */
export interface NetworkLink {
  /** The network's id, which names its hub's directory. */
  readonly network: string;
  readonly prefix: string;
  readonly prefixLength: number;
  readonly address: string;
  /** A /64. */
  readonly prefix6: string;
  readonly address6: string;
  /** What the others of the network know the box by: at most 32 names in lower case, of 2048 bytes together. */
  readonly names: readonly string[];
}
