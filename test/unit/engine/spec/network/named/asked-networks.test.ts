import { describe, expect, test } from 'vitest';
import {
  askedNetworks,
  type NetworkAttachment,
} from '../../../../../../src/engine/spec/network/named/asked-networks.js';
import { withSecurity } from '../../../../../../src/engine/spec/security.js';

const named = (...names: string[]): NetworkAttachment[] =>
  names.map((name) => ({ name, aliases: [] }));

test.each<[string | undefined, NetworkAttachment[], string, NetworkAttachment[]]>([
  [undefined, [], 'default', []],
  ['bridge', [], 'default', []],
  ['public', [], 'public', []],
  ['none', [], 'none', []],
  ['app', [], 'default', named('app')],
  ['app', [{ name: 'db' }], 'default', named('app', 'db')],
  [undefined, [{ name: 'app' }, { name: 'bridge' }], 'default', named('app')],
  ['public', [{ name: 'app' }], 'public', named('app')],
  ['app', [{ name: 'internal' }], 'internal', named('app')],
  ['default', [{ name: 'none' }], 'none', []],
  [
    undefined,
    [{ name: 'app', ip: '10.0.0.5', ip6: 'FD00::00AB', aliases: ['x', 'x', 'y'] }],
    'default',
    [{ name: 'app', ip: '10.0.0.5', ip6: 'fd00::ab', aliases: ['x', 'y'] }],
  ],
])('network %j and networks %j', (network, networks, word, expected) => {
  expect(askedNetworks({ ...(network !== undefined && { network }), networks })).toEqual({
    ...{ network: word, networks: expected },
  });
});

describe('is refused', () => {
  test.each<[string | undefined, NetworkAttachment[], string]>([
    ['host', [], "a box can't share the host's network"],
    ['container:web', [], "a box can't share another box's network"],
    [undefined, [{ name: 'app' }, { name: 'host' }], "a box can't share the host's network"],
    ['', [], 'a network has a name'],
    ['none', [{ name: 'app' }], 'container cannot be connected to multiple networks'],
    ['public', [{ name: 'internal' }], 'a box can’t be in the networks'.replace('’', "'")],
    ['app', [{ name: 'app' }], 'network "app" is specified multiple times'],
    [
      undefined,
      [{ name: 'default', ip: '10.0.0.1' }],
      'user specified IP address is supported on user defined networks only',
    ],
    [
      undefined,
      [{ name: 'bridge', aliases: ['db'] }],
      'network-scoped alias is supported only for containers in user defined networks',
    ],
    [undefined, [{ name: 'app', ip: 'x' }], 'invalid IPv4 address: x'],
    [undefined, [{ name: 'app', aliases: ['a b'] }], '"a b" is no name of a host'],
    [undefined, [{ name: 'app', aliases: ['a'.repeat(64)] }], 'is no name of a host'],
    [
      undefined,
      [{ name: 'app', aliases: Array.from({ length: 17 }, (_, index) => `a${index}`) }],
      'a box can have 16 aliases in a network, not 17',
    ],
  ])('network %j, networks %j', (network, networks, message) => {
    expect(() => askedNetworks({ ...(network !== undefined && { network }), networks })).toThrow(
      message,
    );
  });
});

test('a named network is a network, also for a box of maximum security', () => {
  const asked = askedNetworks(withSecurity({ security: 'maximum', networks: [{ name: 'app' }] }));
  expect(asked).toEqual({ network: 'default', networks: named('app') });
});
