import { expect, test } from 'vitest';
import { decodeTable, encodeTable } from '../../../../src/agent/codec.js';
import { SHIM_CONFIG } from '../../../../src/agent/protocol.js';
import {
  macBytes,
  networkConfig,
  policyAtStart,
} from '../../../../src/engine/machine/box-network.js';
import { OWN_NETWORK } from '../../../../src/engine/spec/network/own-network.js';

const NETWORK = {
  program: '/usr/lib/boxlite-net',
  macAddress: '02:42:ac:11:00:02',
  ports: [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, boxPort: 80 },
    { protocol: 'udp', hostAddress: '::1', hostPort: 0, boxPort: 53 },
  ],
  addresses: OWN_NETWORK,
  links: [],
} as const;

const LINK = {
  network: '5f2c',
  ...{ prefix: '172.18.0.0', prefixLength: 16, address: '172.18.0.2' },
  ...{ prefix6: 'fd00:12::', address6: 'fd00:12::2', names: ['web', 'www.test'] },
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

test('a link to a named network is passed with its addresses and names', () => {
  const hubs = { directory: '/h/networks', program: '/usr/lib/boxlite-hub' };
  expect(networkConfig({ ...NETWORK, links: [LINK], hubs }, 22)).toMatchObject({
    networkDirectory: '/h/networks',
    hubProgram: '/usr/lib/boxlite-hub',
    links: [
      {
        ...{ network: '5f2c', prefix: 0xac12_0000, prefixLength: 16, address: 0xac12_0002 },
        prefix6: Buffer.from('fd000012000000000000000000000000', 'hex'),
        address6: Buffer.from('fd000012000000000000000000000002', 'hex'),
        names: 'web www.test',
      },
    ],
  });
});

test('a box’s addresses are those of its primary network', () => {
  const addresses = { ...OWN_NETWORK, prefix: '172.18.0.0', address: '172.18.0.2' };
  expect(networkConfig({ ...NETWORK, addresses }, 22)).toMatchObject({
    prefix: 0xac12_0000,
    address: 0xac12_0002,
  });
});

test.each([
  ['a network', NETWORK, 22],
  ['a named network', { ...NETWORK, links: [LINK] }, 22],
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

test('a box in internal networks alone has no way out, whatever it is allowed', () => {
  const kept = { deny: ['172.18.0.9'], hostPorts: [80], log: true as const };
  const policy = { ...kept, network: 'public' as const, allow: ['10.0.0.0/8'] };
  const inside = { ...kept, network: 'internal' };
  expect(policyAtStart({ policy }, true)).toEqual({ policy: inside });
  expect(policyAtStart({}, true)).toEqual({ policy: { network: 'internal' } });
  expect(policyAtStart({ policy }, false)).toEqual({ policy });
  expect(policyAtStart({}, false)).toEqual({});
});

test('caps are passed on, and none is 0', () => {
  expect(networkConfig(NETWORK, 22)).toMatchObject({ netTx: 0n, netRx: 0n });
  const rates = { netTxBytesPerSecond: 62_500, netRxBytesPerSecond: 12_500_000_000 };
  expect(networkConfig({ ...NETWORK, ...rates }, 22)).toMatchObject({
    ...{ netTx: 62_500n, netRx: 12_500_000_000n },
  });
});
