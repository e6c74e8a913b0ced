import { expect, test } from 'vitest';
import type { NetPolicySpec } from '../../../../../src/engine/spec/network/policy.js';
import {
  changedPolicy,
  type NetPolicyChange,
} from '../../../../../src/engine/spec/network/policy-change.js';

type Policy = NonNullable<NetPolicySpec['policy']>;
const changed = (policy: Policy, change: NetPolicyChange): NetPolicySpec =>
  changedPolicy({ network: true, policy }, change, 'web');

test.each<[string, Policy, NetPolicyChange, Policy | undefined]>([
  ['adds rules', { allow: ['a.test'] }, { allowNet: ['B.test'] }, { allow: ['a.test', 'b.test'] }],
  [
    'adds no rule twice',
    { deny: ['10.0.0.0/8'] },
    { denyNet: ['10.1.1.1/8'] },
    { deny: ['10.0.0.0/8'] },
  ],
  ['adds a port of the host', {}, { allowHost: [80] }, { hostPorts: [80] }],
  [
    'takes out a rule',
    { allow: ['a.test', 'b.test'] },
    { remove: ['A.TEST'] },
    { allow: ['b.test'] },
  ],
  ['takes out a port', { hostPorts: [80, 81] }, { remove: ['80'] }, { hostPorts: [81] }],
  ['changes the network', { network: 'public' }, { network: 'internal' }, { network: 'internal' }],
  [
    'opens everything when told',
    { allow: ['a.test'] },
    { remove: ['a.test'], network: 'default' },
    undefined,
  ],
  [
    'replaces the last rule',
    { allow: ['a.test'] },
    { remove: ['a.test'], allowNet: ['b.test'] },
    { allow: ['b.test'] },
  ],
])('%s', (_what, policy, change, expected) => {
  expect(changed(policy, change).policy).toEqual(expected);
});

test.each<[string, Policy, NetPolicyChange, string]>([
  [
    'a rule that is not there',
    { deny: ['10.0.0.0/8'] },
    { remove: ['a.test'] },
    'box web has no rule "a.test"',
  ],
  [
    'the last rule that allows',
    { allow: ['a.test'] },
    { remove: ['a.test'] },
    'box web would reach everything',
  ],
  [
    'a name in the network public',
    { network: 'public' },
    { allowNet: ['a.test'] },
    'a name opens nothing',
  ],
  [
    'a way out of the network internal',
    { allow: ['a.test'] },
    { network: 'internal' },
    'has no way out',
  ],
])('refuses %s', (_what, policy, change, message) => {
  expect(() => changed(policy, change)).toThrow(message);
});

test('refuses a box without a network', () => {
  expect(() => changedPolicy({ network: false }, { network: 'public' }, 'web')).toThrow(
    'box web has no network',
  );
});
