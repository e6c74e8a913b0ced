import { expect, test } from 'vitest';
import { LIMITS } from '../../../../src/agent/protocol.js';
import { settleSysctls, sysctlSettings } from '../../../../src/engine/spec/sysctls.js';

const isTaken = (name: string, privileged = false): boolean => {
  try {
    settleSysctls({ [name]: '1' }, privileged);
    return true;
  } catch {
    return false;
  }
};

test.each([
  ...['net.ipv4.ip_forward', 'net/core/somaxconn', 'kernel.shm_rmid_forced', 'kernel.sem'],
  ...['fs.mqueue.msg_max', 'fs.inotify.max_user_watches', 'fs.file-max', 'vm.max_map_count'],
  'net.ipv4.conf.eth0/100.forwarding',
])('any box may have %s', (name) => {
  expect(isTaken(name)).toBe(true);
});

test.each([
  ...['kernel.core_pattern', 'kernel/core_pattern', 'kernel.modprobe', 'kernel.hotplug'],
  ...[
    'kernel.kptr_restrict',
    'fs.suid_dumpable',
    'fs.protected_symlinks',
    'fs.binfmt_misc.register',
  ],
  ...[
    'vm.mmap_min_addr',
    'vm/unprivileged_userfaultfd',
    'kernel.yama.ptrace_scope',
    'dev.cdrom.lock',
  ],
])('only a privileged box may have %s', (name) => {
  expect([isTaken(name), isTaken(name, true)]).toEqual([false, true]);
});

test('what is refused is named, with the flag that is meant', () => {
  const message = (name: string) => {
    try {
      settleSysctls({ [name]: 'x' }, false);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(message('kernel.core_pattern')).toMatchObject({
    code: 'invalid-argument',
    message: "sysctl 'kernel.core_pattern' is not allowed",
    hint: expect.stringContaining('without --privileged') as string,
  });
  expect(message('kernel.hostname')).toMatchObject({ hint: 'use --hostname' });
  expect(message('kernel.domainname')).toMatchObject({ hint: 'use --domainname' });
});

test.each([
  ...[
    '',
    'net',
    'net.',
    '.net.x',
    'net..x',
    'net/../kernel/core_pattern',
    'net.ipv4.../x',
    '/net/x',
  ],
  ...['net/./x', 'net.ipv4.x y', 'net.ipv4.x\n', 'net/ipv4/x\0', 'net/$(id)', "net/'x"],
])('%j is no name, not even of a privileged box', (name) => {
  expect(isTaken(name, true)).toBe(false);
});

test.each(['', 'x\0', '0\n5', '1\r', '\u001b[2J', 'x'.repeat(1025)])(
  'the value %j is refused',
  (value) => {
    expect(() => settleSysctls({ 'net.core.somaxconn': value }, false)).toThrow(
      'invalid value for sysctl net.core.somaxconn',
    );
  },
);

test('the numbers of a value may stand between tabs, as the kernel prints them', () => {
  const value = { 'net.ipv4.ping_group_range': '0\t5' };
  expect(settleSysctls(value, false)).toEqual(value);
});

test('a name is no longer than the guest agent takes', () => {
  expect(isTaken(`net.${'x'.repeat(247)}`)).toBe(true);
  expect(() => settleSysctls({ [`net.${'x'.repeat(248)}`]: '1' }, true)).toThrow(
    /^the name of a sysctl is too long: "net\.x{96}"$/,
  );
});

test('there is an end to how many', () => {
  const many = Array.from(
    { length: LIMITS.MAX_SYSCTLS + 1 },
    (_, i) => [`net.x.y${i}`, '1'] as const,
  );
  expect(() => settleSysctls(Object.fromEntries(many), false)).toThrow(
    'a box can have 128 sysctls',
  );
});

test('names are paths to the agent, in their order', () => {
  expect(
    sysctlSettings({
      'net.ipv4.ip_forward': '1',
      'net/ipv4/conf/eth0.100/forwarding': '0',
      'net.ipv4.conf.eth0/100.forwarding': '2',
    }),
  ).toEqual([
    { name: 'net/ipv4/ip_forward', value: '1' },
    { name: 'net/ipv4/conf/eth0.100/forwarding', value: '0' },
    { name: 'net/ipv4/conf/eth0.100/forwarding', value: '2' },
  ]);
});
