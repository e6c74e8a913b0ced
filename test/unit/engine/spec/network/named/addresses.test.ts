import { describe, expect, test } from 'vitest';
import {
  type AskedAddresses,
  chooseAddresses,
} from '../../../../../../src/engine/spec/network/named/addresses.js';
import {
  type NetworkOptions,
  settleNetwork,
} from '../../../../../../src/engine/spec/network/named/network-spec.js';

const SUBNETS = ['172.30.0.0/29', 'fd00:1::/64'];

function choose(
  taken: string[] = [],
  asked: AskedAddresses = {},
  options: Omit<NetworkOptions, 'name'> = {},
) {
  const spec = settleNetwork({ subnets: SUBNETS, ...options }, 'ab'.repeat(32), {
    networks: [],
    host: [],
  });
  const allocation = {
    name: 'app',
    spec,
    taken: new Map(taken.map((address) => [address, 'a'])),
    holder: (id: string) => `box ${id}`,
  };
  return chooseAddresses(allocation, asked);
}

test('a box gets the lowest free address, and the one of IPv6 with its number', () => {
  expect(choose()).toEqual({ address: '172.30.0.2', address6: 'fd00:1::2' });
  expect(choose(['172.30.0.2', 'fd00:1::2', '172.30.0.4'])).toEqual({
    ...{ address: '172.30.0.3', address6: 'fd00:1::3' },
  });
  expect(choose([], {}, { subnets: ['172.30.0.0/16', 'fd00:1::/64'], ipRange: '172.30.1.0/24' }))
    // The first of a range that is not the subnet's is a machine's.
    .toEqual({ address: '172.30.1.0', address6: 'fd00:1::100' });
});

test('gateway, resolver and what others have are left out', () => {
  const options = { gateways: ['172.30.0.2'], auxAddresses: { printer: '172.30.0.3' } };
  expect(choose([], {}, options).address).toBe('172.30.0.1');
  expect(choose(['172.30.0.1'], {}, options).address).toBe('172.30.0.4');
});

test('a network of eight addresses has room for four boxes', () => {
  const taken: string[] = [];
  for (let count = 0; count < 4; count++) {
    const { address, address6 } = choose(taken);
    taken.push(address, address6);
  }
  expect(taken.filter((each) => each.startsWith('172'))).toEqual([
    ...['172.30.0.2', '172.30.0.3', '172.30.0.4', '172.30.0.5'],
  ]);
  expect(() => choose(taken)).toThrow(
    expect.objectContaining({
      code: 'network-full',
      message: "no available IPv4 addresses on this network's address pools: app",
    }),
  );
});

test('a box has the addresses that it asks for', () => {
  expect(choose([], { ip: '172.30.0.5' })).toEqual({
    ...{ address: '172.30.0.5', address6: 'fd00:1::5' },
  });
  expect(choose([], { ip: '172.30.0.5', ip6: 'FD00:1:0::AB' })).toEqual({
    ...{ address: '172.30.0.5', address6: 'fd00:1::ab' },
  });
  // Outside the range from which the others come.
  expect(choose([], { ip: '172.30.0.2' }, { ipRange: '172.30.0.4/30' }).address).toBe('172.30.0.2');
});

test('an address of IPv6 that another has asked for is passed over', () => {
  expect(choose(['fd00:1::2'])).toEqual({ address: '172.30.0.2', address6: 'fd00:1::1:0:2' });
});

describe('is refused', () => {
  test.each<[AskedAddresses, string, string]>([
    [{ ip: '172.30.0.3' }, 'address-in-use', 'Address already in use: box a has 172.30.0.3'],
    [{ ip: '172.30.0.1' }, 'address-in-use', 'the gateway has 172.30.0.1 in network app'],
    [{ ip: '172.30.0.6' }, 'address-in-use', 'the resolver has 172.30.0.6'],
    [{ ip: '172.30.0.4' }, 'address-in-use', 'printer has 172.30.0.4'],
    [{ ip6: 'fd00:1::1' }, 'address-in-use', 'the gateway has fd00:1::1'],
    [
      { ip: '10.0.0.1' },
      'invalid-argument',
      'no configured subnet or ip-range contain the IP address 10.0.0.1',
    ],
    [{ ip: '172.30.0.0' }, 'invalid-argument', 'contain the IP address 172.30.0.0'],
    [{ ip: '172.30.0.7' }, 'invalid-argument', 'contain the IP address 172.30.0.7'],
    [{ ip6: 'fd00:2::5' }, 'invalid-argument', 'contain the IP address fd00:2::5'],
    [{ ip: 'x' }, 'invalid-argument', 'invalid IPv4 address: x'],
    [{ ip: 'fd00:1::5' }, 'invalid-argument', 'invalid IPv4 address: fd00:1::5'],
    [{ ip6: '172.30.0.5' }, 'invalid-argument', 'invalid IPv6 address: 172.30.0.5'],
  ])('%j', (asked, code, message) => {
    const options = { auxAddresses: { printer: '172.30.0.4' } };
    expect(() => choose(['172.30.0.3'], asked, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });
});
