import { expect, test } from 'vitest';
import { policyConfig } from '../../../../src/engine/machine/box-policy.js';

const mapped = (hex: string): Buffer => Buffer.from(`00000000000000000000ffff${hex}`, 'hex');

test('a box without rules has an open policy, which the shim does not send', () => {
  expect(policyConfig({})).toEqual({ netMode: 0, netReports: 0, hostPorts: [], netRules: [] });
});

test('rules are passed with addresses of 128 bits, denials first', () => {
  const values = policyConfig({
    policy: { allow: ['10.0.0.0/8:443/tcp', '*.a.test'], deny: ['fd00::/8/icmp'], hostPorts: [80] },
  });
  const all = { firstPort: 0, lastPort: 65_535 };
  expect(values).toEqual({
    ...{ netMode: 2, netReports: 0, hostPorts: [{ port: 80 }] },
    netRules: [
      {
        ...{ denies: 1, kind: 0, protocol: 1, prefixLength: 8, ...all, name: '' },
        address: Buffer.from(`fd${'0'.repeat(30)}`, 'hex'),
      },
      {
        ...{ denies: 0, kind: 0, protocol: 6, prefixLength: 104, firstPort: 443, lastPort: 443 },
        ...{ address: mapped('0a000000'), name: '' },
      },
      {
        ...{ denies: 0, kind: 2, protocol: 0, prefixLength: 0, ...all },
        ...{ address: Buffer.alloc(16), name: 'a.test' },
      },
    ],
  });
});

test.each([
  ['public', 1],
  ['internal', 3],
] as const)('the network %s is mode %d', (network, netMode) => {
  expect(policyConfig({ policy: { network } })).toMatchObject({ netMode, netRules: [] });
});
