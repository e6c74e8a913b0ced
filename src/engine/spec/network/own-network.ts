/** The addresses of a box without a named network. boxlite-net is its gateway and its resolver. */
import { createHash } from 'node:crypto';
import type { BoxSpec } from '../box-spec.js';
import type { NetworkAddresses } from './attachment.js';

export const OWN_NETWORK = {
  prefix: '10.0.2.0',
  prefixLength: 24,
  address: '10.0.2.15',
  gateway: '10.0.2.2',
  resolver: '10.0.2.3',
  prefix6: 'fd62:6f78:6c74::',
  prefix6Length: 64,
  address6: 'fd62:6f78:6c74::15',
  gateway6: 'fd62:6f78:6c74::2',
  resolver6: 'fd62:6f78:6c74::3',
  /** The largest that leaves room for an Ethernet header in 64 KiB: fewer packets per byte. */
  mtu: 65_520,
} as const satisfies NetworkAddresses;

/** The box's Ethernet address, which stays the same for its whole life. */
export function macAddressOf({ macAddress }: Pick<BoxSpec, 'macAddress'>, id: string): string {
  if (macAddress !== undefined) return macAddress;
  const own = createHash('sha256').update(id).digest().subarray(0, 4);
  return ['02', '42', ...[...own].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
