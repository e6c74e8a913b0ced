import { expect, test } from 'vitest';
import { decodeTable, encodeTable } from '../../../../src/agent/codec.js';
import { SHIM_CONFIG } from '../../../../src/agent/protocol.js';
import { macBytes, networkConfig } from '../../../../src/engine/machine/box-network.js';
import type { NetworkAddresses } from '../../../../src/engine/spec/network/attachment.js';
import { OWN_NETWORK } from '../../../../src/engine/spec/network/own-network.js';

const NETWORK = {
  program: '/usr/lib/boxlite-net',
  macAddress: '02:42:ac:11:00:02',
  ports: [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, boxPort: 80 },
    { protocol: 'udp', hostAddress: '::1', hostPort: 0, boxPort: 53 },
  ],
  addresses: OWN_NETWORK,
} as const;

const FIELDS = SHIM_CONFIG.slice(SHIM_CONFIG.findIndex(([name]) => name === 'netProgram'));

test('a box’s network is what its shim’s configuration says of it', () => {
  expect(networkConfig(NETWORK, 22)).toMatchObject({
    netProgram: '/usr/lib/boxlite-net',
    netFd: 22,
    macAddress: Buffer.from('0242ac110002', 'hex'),
    address: 0x0a00_020f,
    prefix: 0x0a00_0200,
    gateway: 0x0a00_0202,
    resolver: 0x0a00_0203,
    prefix6: Buffer.from('fd626f786c7400000000000000000000', 'hex'),
    resolver6: Buffer.from('fd626f786c7400000000000000000003', 'hex'),
    ports: [
      { protocol: 6, hostAddress: Buffer.from([127, 0, 0, 1]), hostPort: 8080, boxPort: 80 },
      { protocol: 17, hostAddress: Buffer.alloc(16).fill(1, 15), hostPort: 0, boxPort: 53 },
    ],
  });
});

test('a box of a named network has the addresses of that', () => {
  const addresses: NetworkAddresses = {
    ...{ prefix: '172.18.0.0', prefixLength: 16, address: '172.18.0.2', gateway: '172.18.0.1' },
    ...{ resolver: '172.18.255.254', prefix6: 'fd01::', prefix6Length: 64, address6: 'fd01::2' },
    ...{ gateway6: 'fd01::1', resolver6: 'fd01::ffff:ffff:ffff:fffe', mtu: 65_520 },
  };
  expect(networkConfig({ ...NETWORK, addresses }, 22)).toMatchObject({
    address: 0xac12_0002,
    prefix: 0xac12_0000,
    prefixLength: 16,
    gateway: 0xac12_0001,
    resolver: 0xac12_fffe,
    address6: Buffer.from('fd010000000000000000000000000002', 'hex'),
    gateway6: Buffer.from('fd010000000000000000000000000001', 'hex'),
    resolver6: Buffer.from('fd01000000000000fffffffffffffffe', 'hex'),
  });
});

test.each([
  ['a network', NETWORK, 22],
  ['no network', undefined, 22],
  ['a VMM without a socket for it', NETWORK, undefined],
])('a box with %s has every field of the table', (_what, network, netFd) => {
  const values = networkConfig(network, netFd);
  const decoded = decodeTable('config', FIELDS, encodeTable(FIELDS, values as never));
  expect(Object.keys(decoded)).toEqual(Object.keys(values));
  const isThere = network !== undefined && netFd !== undefined;
  expect(decoded).toMatchObject({ netProgram: Buffer.from(isThere ? NETWORK.program : '') });
});

test('an Ethernet address has 6 bytes, and none has no bytes', () => {
  expect(macBytes('02:42:ac:11:00:ff').toString('hex')).toBe('0242ac1100ff');
  expect(macBytes('')).toHaveLength(0);
});
