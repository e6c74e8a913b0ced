import { describe, expect, test } from 'vitest';
import { checkNetworkName } from '../../../../../../src/engine/spec/network/named/network-names.js';
import {
  type NetworkOptions,
  settleNetwork,
} from '../../../../../../src/engine/spec/network/named/network-spec.js';
import { parsePrefix } from '../../../../../../src/engine/spec/network/named/prefix.js';
import { hostPrefixes } from '../../../../../../src/engine/spec/network/named/subnets.js';

const ID = 'ab'.repeat(32);

function settle(
  options: Omit<NetworkOptions, 'name'> = {},
  networks: string[] = [],
  host: string[] = [],
) {
  return settleNetwork(options, ID, {
    networks: networks.map(parsePrefix),
    host: hostPrefixes(host),
  });
}

describe('a network without a subnet', () => {
  test('gets the first of Docker’s pools, and a /64 of its id', () => {
    const spec = settle();
    expect(spec).toMatchObject({
      subnet: '172.18.0.0/16',
      gateway: '172.18.0.1',
      resolver: '172.18.255.254',
      labels: {},
    });
    expect(spec.subnet6).toMatch(/^fd[0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f]{1,4}::\/64$/);
    const prefix = spec.subnet6.replace('::/64', '');
    expect(spec.gateway6).toBe(`${prefix}::1`);
    expect(spec.resolver6).toBe(`${prefix}:0:ffff:ffff:ffff:fffe`);
    expect(settle().subnet6).toBe(spec.subnet6);
    expect(settle({}, [spec.subnet6]).subnet6).not.toBe(spec.subnet6);
  });

  test.each([
    [['172.18.0.0/16'], [], '172.19.0.0/16'],
    [['172.19.0.0/16'], ['172.18.3.4/24'], '172.20.0.0/16'],
    [['172.18.64.0/29'], ['fe80::1%eth0/64', '172.19.0.1/30'], '172.20.0.0/16'],
    [['172.16.0.0/12'], [], '192.168.0.0/20'],
    [['172.16.0.0/12'], ['192.168.1.20/24'], '192.168.16.0/20'],
  ])('beside networks %j and interfaces %j gets %s', (networks, host, subnet) =>
    expect(settle({}, networks, host).subnet).toBe(subnet),
  );

  test('is refused when the pools are used up', () => {
    expect(() => settle({}, ['172.16.0.0/12', '192.168.0.0/16'])).toThrow(
      /could not find an available, non-overlapping IPv4 address pool/,
    );
  });
});

test('a network is as it was asked for', () => {
  const options = {
    subnets: ['172.30.0.0/16', 'fd00:1234::/64'],
    gateways: ['172.30.255.254', 'FD00:1234::00ff'],
    ipRange: '172.30.5.0/24',
    auxAddresses: { printer: '172.30.5.1' },
    internal: true,
    labels: { a: 'b' },
    options: { 'com.docker.network.bridge.enable_icc': 'true' },
  };
  expect(settle(options)).toEqual({
    subnet: '172.30.0.0/16',
    gateway: '172.30.255.254',
    // The last address is the gateway's.
    resolver: '172.30.255.253',
    subnet6: 'fd00:1234::/64',
    gateway6: 'fd00:1234::ff',
    resolver6: 'fd00:1234::ffff:ffff:ffff:fffe',
    ipRange: '172.30.5.0/24',
    auxAddresses: { printer: '172.30.5.1' },
    internal: true,
    labels: { a: 'b' },
    options: { 'com.docker.network.bridge.enable_icc': 'true' },
  });
});

describe('is refused, in Docker’s words', () => {
  const SUBNET = '172.30.0.0/16';
  test.each<[Omit<NetworkOptions, 'name'>, string]>([
    [{ subnets: ['nope'] }, 'invalid CIDR address: nope'],
    [{ subnets: ['172.30.1.0/16'] }, 'invalid subnet 172.30.1.0/16: it should be 172.30.0.0/16'],
    [{ gateways: ['172.30.0.1'] }, 'every ip-range or gateway must have a corresponding subnet'],
    [{ ipRange: '172.30.0.0/24' }, 'every ip-range or gateway must have a corresponding subnet'],
    [{ subnets: [SUBNET], gateways: ['10.0.0.1'] }, 'no matching subnet for gateway 10.0.0.1'],
    [{ subnets: [SUBNET], gateways: ['x'] }, 'invalid gateway address: x'],
    [{ subnets: [SUBNET], ipRange: '10.0.0.0/24' }, 'no matching subnet for range 10.0.0.0/24'],
    [{ subnets: [SUBNET], ipRange: '172.0.0.0/8' }, 'no matching subnet for range 172.0.0.0/8'],
    [
      { subnets: [SUBNET], auxAddresses: { a: '10.0.0.1' } },
      'no matching subnet for aux-address 10.0.0.1',
    ],
    [
      { subnets: [SUBNET], gateways: ['172.30.0.1', '172.30.0.2'] },
      'cannot configure multiple gateways (172.30.0.2, 172.30.0.1) on the same subnet (172.30.0.0/16)',
    ],
    [
      { subnets: [SUBNET, '172.30.5.0/24'] },
      'multiple overlapping subnet configuration is not supported',
    ],
    [{ subnets: [SUBNET, '172.31.0.0/16'] }, 'a network has one subnet of IPv4'],
    [{ subnets: ['10.77.0.0/16'] }, 'Pool overlaps with other one on this address space'],
    [{ subnets: ['10.0.2.0/24'] }, 'Pool overlaps with other one on this address space'],
    [{ subnets: ['fd62:6f78:6c74::/64'] }, 'Pool overlaps with other one on this address space'],
    [{ subnets: ['172.30.0.0/30'] }, 'its length must be from 8 to 29'],
    [{ subnets: ['fd00::/48'] }, 'one of IPv6 has the length 64'],
    [{ subnets: ['127.0.0.0/8'] }, 'is not for boxes'],
    [{ subnets: ['169.254.7.0/24'] }, 'is not for boxes'],
    [{ subnets: ['224.1.0.0/16'] }, 'is not for boxes'],
    [{ subnets: ['100.100.100.0/24'] }, 'is not for boxes'],
    [{ subnets: ['fd00:ec2::/64'] }, 'is not for boxes'],
    [{ subnets: [SUBNET], gateways: ['172.30.255.255'] }, 'is no address of a machine'],
    [
      { options: { 'com.docker.network.bridge.name': 'br0' } },
      "the option com.docker.network.bridge.name=br0 can't be followed",
    ],
  ])('%j', (options, message) => {
    expect(() => settle(options, ['10.64.0.0/10'])).toThrow(message);
  });
});

test.each(['default', 'bridge', 'none', 'public', 'internal', 'host', 'container:web'])(
  'no network can be called %s',
  (name) =>
    expect(() => checkNetworkName(name)).toThrow(
      `operation is not permitted on predefined ${name} network`,
    ),
);

test.each(['', '-a', 'a b', 'a/b', 'é', 'a'.repeat(64)])('%j is no name of a network', (name) =>
  expect(() => checkNetworkName(name)).toThrow('invalid network name'),
);
