import { expect, test } from 'vitest';
import { parseSecurityOpt } from '../../../../src/cli/flags/security-opt.js';
import { runCli } from '../fake-world.js';

test.each([
  ['no-new-privileges', { noNewPrivileges: true }],
  ['no-new-privileges:true', { noNewPrivileges: true }],
  ['no-new-privileges=1', { noNewPrivileges: true }],
  ['no-new-privileges=false', { noNewPrivileges: false }],
  ['seccomp=unconfined', { seccomp: false }],
  ['seccomp:unconfined', { seccomp: false }],
  ['seccomp=builtin', { seccomp: true }],
  ['systempaths=unconfined', { maskedPaths: false }],
  ['apparmor=unconfined', {}],
  ['label:disable', {}],
  ['writable-cgroups=false', {}],
])('the option %j is read', (text, expected) => {
  expect(parseSecurityOpt(text)).toEqual(expected);
});

test.each([
  ...[
    '',
    '=',
    ':',
    'seccomp',
    'seccomp=',
    'seccomp:',
    'no-new-privileges=',
    'disable',
    'apparmor=',
    'systempaths=masked',
  ],
  ...['no-new-privileges:maybe', 'no-new-privileges=yes', 'NO-NEW-PRIVILEGES', 'toString=1', 'x=y'],
])('the option %j is none of Docker’s', (text) => {
  expect(() => parseSecurityOpt(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: `invalid --security-opt: "${text}"`,
    }),
  );
});

test.each([
  ['apparmor=docker-default', 'the kernel of a box has no AppArmor profiles: leave it out'],
  ['label:level:s0', 'the kernel of a box has no SELinux labels: leave it out'],
  ['writable-cgroups=true', 'the groups of a --privileged box can be written to'],
  ['seccomp=profile.json', /has no profile but the built-in one.* seccomp=unconfined$/],
])('the option %j of Docker’s is refused, and what to do is said', (text, reason) => {
  expect(() => parseSecurityOpt(text)).toThrow(reason);
});

test('a refused option is named with its value', async () => {
  const { status, stderr } = await runCli(['run', '--security-opt', 'label=type:x', 'busybox']);
  expect([status, stderr]).toEqual([
    125,
    'boxlite: --security-opt label=type:x is not supported\n' +
      'the kernel of a box has no SELinux labels: leave it out\n',
  ]);
});
