import { expect, test } from 'vitest';
import {
  boxAttachment,
  type Membership,
  networkSpecOf,
} from '../../../../../../src/engine/spec/network/named/box-attachment.js';
import { settleNetwork } from '../../../../../../src/engine/spec/network/named/network-spec.js';
import { OWN_NETWORK } from '../../../../../../src/engine/spec/network/own-network.js';

const BOX = { id: '01k0a1b2c3d4e5f6g7h8j9kamb', name: 'Web', hostname: '01k0a1b2c3d4' };

function membership(number: number, fields: { internal?: boolean; aliases?: string[] } = {}) {
  const { internal = false, aliases = [] } = fields;
  const subnets = [`172.${30 + number}.0.0/16`, `fd00:${number}::/64`];
  return {
    networkId: String(number).repeat(64),
    network: `net${number}`,
    address: `172.${30 + number}.0.2`,
    address6: `fd00:${number}::2`,
    aliases,
    spec: settleNetwork({ subnets, internal }, 'ab'.repeat(32), { networks: [], host: [] }),
  } satisfies Membership;
}

test('a box of no named network has its own', () => {
  expect(boxAttachment(BOX, [])).toEqual({
    ...{ addresses: OWN_NETWORK, links: [], allInternal: false },
  });
});

test('the first network that leads out is a box’s primary one, and each is a link', () => {
  const networks = [membership(1, { internal: true }), membership(2, { aliases: ['WWW', 'web'] })];
  const { addresses, links, allInternal } = boxAttachment(BOX, networks);
  expect(addresses).toEqual({
    prefix: '172.32.0.0',
    prefixLength: 16,
    address: '172.32.0.2',
    gateway: '172.32.0.1',
    resolver: '172.32.255.254',
    prefix6: 'fd00:2::',
    prefix6Length: 64,
    address6: 'fd00:2::2',
    gateway6: 'fd00:2::1',
    resolver6: 'fd00:2::ffff:ffff:ffff:fffe',
    mtu: OWN_NETWORK.mtu,
  });
  expect(links.map(({ address }) => address)).toEqual(['172.31.0.2', '172.32.0.2']);
  expect(links[1]).toEqual({
    network: '2'.repeat(64),
    ...{ prefix: '172.32.0.0', prefixLength: 16, address: '172.32.0.2' },
    ...{ prefix6: 'fd00:2::', address6: 'fd00:2::2' },
    names: ['web.net2', 'web', 'www', '01k0a1b2c3d4'],
  });
  expect(allInternal).toBe(false);
});

test('without one the first is, and the box has no way out', () => {
  const networks = [membership(1, { internal: true }), membership(2, { internal: true })];
  expect(boxAttachment(BOX, networks)).toMatchObject({
    ...{ addresses: { gateway: '172.31.0.1' }, allInternal: true },
  });
});

test.each([null, {}, 'x', { subnet: '10.0.0.0/8' }])('%j is no network', (stored) =>
  expect(() => networkSpecOf(stored)).toThrow('the database holds a network without its subnets'),
);
