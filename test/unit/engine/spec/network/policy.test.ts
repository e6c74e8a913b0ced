import { describe, expect, it, test } from 'vitest';
import {
  netMode,
  type NetPolicyOptions,
  type NetworkName,
  settleNetPolicy,
} from '../../../../../src/engine/spec/network/policy.js';

type Options = NetPolicyOptions & { network?: NetworkName; dns?: string };

describe('what a box may reach', () => {
  it.each<[string, Options, string]>([
    ['everything without rules', {}, 'open'],
    ['everything but what is denied', { denyNet: ['10.0.0.0/8'] }, 'open'],
    ['everything, and a port of the host', { allowHost: [80] }, 'open'],
    ['only what is listed', { allowNet: ['a.test'] }, 'listed'],
    [
      'only what is listed, of the default network',
      { network: 'default', allowNet: ['a.test'] },
      'listed',
    ],
    ['the Internet', { network: 'public' }, 'public'],
    ['the Internet, and an address', { network: 'public', allowNet: ['10.0.0.1'] }, 'public'],
    ['nothing', { network: 'internal' }, 'internal'],
    ['nothing but a port of the host', { network: 'internal', allowHost: [80] }, 'internal'],
  ])('is %s', (_what, options, mode) => {
    expect(netMode(settleNetPolicy(options).policy ?? {})).toBe(mode);
  });

  it('is stored only where it is not the default', () => {
    for (const network of ['default', 'none'] as const)
      expect(settleNetPolicy({ network })).toEqual({});
  });

  it('is stored in one spelling, once', () => {
    const allowNet = ['A.test.', 'a.test', '10.1.1.1/8'];
    expect(settleNetPolicy({ allowNet, denyNet: ['b.a.test'], allowHost: [80, 80] })).toEqual({
      policy: { allow: ['a.test', '10.0.0.0/8'], deny: ['b.a.test'], hostPorts: [80] },
    });
  });

  it.each(['127.0.0.1', '169.254.169.254', '::1', 'fe80::/10', '0.0.0.0/8'])(
    'may have %s denied, which is shut anyway',
    (rule) => {
      expect(settleNetPolicy({ denyNet: [rule] }).policy?.deny).toEqual([rule]);
    },
  );
});

const loopback = "this host's loopback, which no rule opens";
const linkLocal = 'a link-local address, which no rule opens';
const reserved = 'a multicast or reserved address, which no rule opens';

test.each<[string, Options, string]>([
  ['the loopback', { allowNet: ['127.0.0.1:80'] }, `127.0.0.1 is ${loopback}`],
  ['a part of the loopback', { allowNet: ['127.1.0.0/16'] }, `127.1.0.0 is ${loopback}`],
  ['the loopback of IPv6', { allowNet: ['::1'] }, `::1 is ${loopback}`],
  ['the mapped loopback', { allowNet: ['::ffff:127.0.0.1'] }, `127.0.0.1 is ${loopback}`],
  ['metadata', { allowNet: ['169.254.169.254'] }, `169.254.169.254 is ${linkLocal}`],
  ['link-local addresses', { allowNet: ['fe80::/64'] }, `fe80:: is ${linkLocal}`],
  ['multicast', { allowNet: ['224.0.0.1'] }, `224.0.0.1 is ${reserved}`],
  ['multicast of IPv6', { allowNet: ['ff02::1'] }, `ff02::1 is ${reserved}`],
  ['this host', { allowNet: ['0.0.0.0'] }, '0.0.0.0 is this host itself, which no rule opens'],
  [
    'the gateway',
    { allowNet: ['10.0.2.2'] },
    "10.0.2.2 is in the box's own network, which no rule opens",
  ],
  [
    'denial of the resolver',
    { denyNet: ['10.0.2.3'] },
    "10.0.2.3 is in the box's own network, which no rule closes",
  ],
  [
    'all of IPv6, which maps IPv4',
    { denyNet: ['::/0'] },
    '::/0 would mean the addresses of IPv4, too',
  ],
  [
    'the host by name',
    { allowNet: ['host.boxlite.internal'] },
    'host.boxlite.internal is no name of another machine',
  ],
  [
    'rules without a network',
    { network: 'none', allowNet: ['a.test'] },
    'a box without a network has nothing to allow, deny or log',
  ],
  [
    'denial without a network',
    { network: 'none', denyNet: ['1.1.1.1'] },
    'a box without a network has nothing to allow, deny or log',
  ],
  [
    'the host without a network',
    { network: 'none', allowHost: [1] },
    'a box without a network has nothing to allow, deny or log',
  ],
  [
    'a log without a network',
    { network: 'none', logNet: true },
    'a box without a network has nothing to allow, deny or log',
  ],
  [
    'a way out of internal',
    { network: 'internal', allowNet: ['1.1.1.1'] },
    'a box of the network internal has no way out, so nothing can be allowed',
  ],
  [
    'a name in public',
    { network: 'public', allowNet: ['a.test'] },
    'a name opens nothing in the network public: its owner could point it at any private address',
  ],
  [
    'denial of a name alone',
    { denyNet: ['a.test'] },
    'a name can be denied only where --allow-net lists all that the box reaches',
  ],
  [
    'denial of a name in public',
    { network: 'public', allowNet: ['10.0.0.1'], denyNet: ['*.a.test'] },
    'a name can be denied only where --allow-net lists all that the box reaches',
  ],
  [
    'names for another resolver',
    { allowNet: ['a.test'], dns: '1.1.1.1' },
    "a rule's name means what the box's own resolver gives for it, which --dns replaces",
  ],
  ['an unknown network', { network: 'bridge' as 'none' }, 'there is no network "bridge"'],
  ['half a port', { allowHost: [1.5] }, 'there is no port 1.5 to allow'],
  ['port 0', { allowHost: [0] }, 'there is no port 0 to allow'],
  [
    'too many rules',
    { allowNet: Array.from({ length: 129 }, (_, i) => `10.0.0.${i}`) },
    'a box can have 128 rules for its network, not 129',
  ],
  [
    'too many ports',
    { allowHost: Array.from({ length: 33 }, (_, i) => i + 1) },
    'a box can be given 32 ports of the host, not 33',
  ],
])('%s is refused', (_what, options, message) => {
  expect(() => settleNetPolicy(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message }) as Error,
  );
});
