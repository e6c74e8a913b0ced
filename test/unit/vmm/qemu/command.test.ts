import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Launch, LaunchPlan, MachineFiles, MachineSpec } from '../../../../src/vmm/driver.js';
import { CALLS } from '../../../../src/vmm/qemu/calls.js';
import { INCOMING_URI, planQemu, sandboxed, STATE_URI } from '../../../../src/vmm/qemu/command.js';
import { readablePaths } from '../../../../src/vmm/qemu/readable-paths.js';
import { BOX_DISKS, GUEST, MACHINE, NEW_QEMU, OLD_QEMU } from '../vmm-fixture.js';

const RESTORE: Launch = { kind: 'restore' };
const BOOT: Launch = { kind: 'boot', guest: GUEST };

const RESTORED: MachineFiles = {
  ...BOX_DISKS,
  ram: '/h/templates/k/ram',
  state: '/h/templates/k/state',
};
const DRAFT: MachineFiles = {
  ...{ image: '/h/images/padding', extents: [], disk: '/h/templates/.k/disk', share: '/h/empty' },
  ...{ ram: '/h/templates/.k/ram', stateDirectory: '/h/templates/.k' },
};

const BASE = ['-M', 'microvm,acpi=on,rtc=on,memory-backend=ram0', '-accel', 'tcg,tb-size=64'];
const SIZE = ['-cpu', 'max,erms=off,svm=off', '-m', '512', '-smp', '2', '-object'];
const PRIVATE_RAM = 'memory-backend-file,id=ram0,size=512M,mem-path=/proc/self/fd/13,share=off';
const QUIET = ['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'];
const PORT = [
  ...['-chardev', 'socket,id=console,fd=12', '-serial', 'chardev:console'],
  ...['-device', 'virtio-serial-device', '-chardev', 'socket,id=port,fd=11'],
  ...['-device', 'virtserialport,chardev=port,name=boxlite.control'],
];
const IMAGE_FILE = '{"driver":"file","filename":"/dev/fdset/1","read-only":true,"locking":"off"}';
const JOINED = `{"driver":"vmdk","read-only":true,"file":${IMAGE_FILE}}`;
const DISKS = (image: string): string[] => [
  '-blockdev',
  `{"driver":"raw","node-name":"image","read-only":true,"file":${image}}`,
  ...['-device', 'virtio-blk-device,drive=image,serial=image', '-blockdev'],
  '{"driver":"raw","node-name":"disk","discard":"unmap","file":{"driver":"file",' +
    '"filename":"/dev/fdset/2","read-only":false,"locking":"off","discard":"unmap"}}',
  ...['-device', 'virtio-blk-device,drive=disk,serial=disk,werror=report,rerror=report'],
  ...['vol0', 'vol1', 'vol2', 'vol3'].flatMap(emptySlot),
];
function emptySlot(name: string): string[] {
  const nothing = '{"driver":"null-co","size":1099511627776,"read-zeroes":true}';
  return [
    '-blockdev',
    `{"driver":"raw","node-name":"${name}","discard":"unmap","file":${nothing}}`,
    ...['-device', `virtio-blk-device,drive=${name},serial=${name},werror=report,rerror=report`],
  ];
}
const REST = [
  ...['-netdev', 'hubport,id=net0,hubid=0', '-device', 'virtio-net-device,netdev=net0', '-fsdev'],
  'local,id=share,path=/proc/self/fd/19,security_model=none,readonly=on',
  ...['-device', 'virtio-9p-device,fsdev=share,mount_tag=share'],
  ...['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-device,rng=rng0'],
  ...['-chardev', 'socket,id=qmp,fd=10,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'],
  ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
];

test('a box is restored by this command line', () => {
  expect(planQemu(OLD_QEMU, MACHINE, RESTORED, RESTORE)).toEqual({
    machine: MACHINE,
    argv: [
      OLD_QEMU.path,
      ...[...BASE, ...SIZE, PRIVATE_RAM],
      ...QUIET,
      ...['-incoming', 'defer'],
      ...PORT,
      ...['-add-fd', 'fd=17,set=1', '-add-fd', 'fd=18,set=2'],
      ...['-add-fd', 'fd=32,set=100', '-add-fd', 'fd=33,set=101'],
      ...DISKS(JOINED),
      ...REST,
    ],
    readable: readablePaths(OLD_QEMU.path),
    env: ['PATH=/usr/bin:/bin', 'LC_ALL=C', 'BOXLITE_CALLS=0'],
    files: [
      { fd: 17, path: RESTORED.image, write: false },
      { fd: 18, path: RESTORED.disk, write: true },
      { fd: 32, path: RESTORED.extents[0], write: false },
      { fd: 33, path: RESTORED.extents[1], write: false },
      { fd: 19, path: RESTORED.share, write: false },
      { fd: 13, path: RESTORED.ram, write: false },
      { fd: 14, path: RESTORED.state, write: false },
    ],
    qmpFd: 10,
    portFd: 11,
    consoleFd: 12,
    shares: { fd: 19, entries: [] },
    preload: true,
  });
});

test('a template boots by this command line', () => {
  const launch: Launch = { kind: 'boot', guest: { ...GUEST, tscKhz: 2_400_000 } };
  const plan = planQemu(OLD_QEMU, MACHINE, DRAFT, launch);
  expect(plan.argv).toEqual([
    OLD_QEMU.path,
    ...[...BASE, ...SIZE, PRIVATE_RAM.replace('share=off', 'share=on')],
    ...QUIET,
    ...['-S', '-kernel', '/proc/self/fd/15', '-initrd', '/proc/self/fd/16', '-append'],
    'console=ttyS0 panic=-1 reboot=t quiet nowatchdog tsc_early_khz=2400000 tsc=reliable',
    ...PORT,
    ...['-add-fd', 'fd=17,set=1', '-add-fd', 'fd=18,set=2'],
    ...DISKS(IMAGE_FILE),
    ...REST,
  ]);
  expect(plan.files).toEqual(
    expect.arrayContaining([
      { fd: 13, path: DRAFT.ram, write: true },
      { fd: 15, path: GUEST.kernel, write: false },
      { fd: 16, path: GUEST.initramfs, write: false },
      { fd: 20, path: DRAFT.stateDirectory, write: false },
    ]),
  );
});

test('a boot whose memory is not kept needs no RAM file', () => {
  const { argv, files } = planQemu(OLD_QEMU, MACHINE, BOX_DISKS, BOOT);
  expect(argv).toContain('memory-backend-ram,id=ram0,size=512M');
  expect(argv.join(' ')).not.toContain('/proc/self/fd/13');
  expect(files.map(({ fd }) => fd)).not.toContain(13);
});

test('box and template differ in what only one of them needs, and in nothing else', () => {
  const restore = planQemu(OLD_QEMU, MACHINE, { ...RESTORED, extents: [] }, RESTORE).argv;
  const boot = planQemu(OLD_QEMU, MACHINE, DRAFT, BOOT).argv;
  expect(difference(restore, boot)).toEqual([PRIVATE_RAM, '-incoming', 'defer']);
  expect(difference(boot, restore)).toEqual([
    PRIVATE_RAM.replace('share=off', 'share=on'),
    ...['-S', '-kernel', '/proc/self/fd/15', '-initrd', '/proc/self/fd/16', '-append'],
    'console=ttyS0 panic=-1 reboot=t quiet nowatchdog',
  ]);
});

test.each([
  ['restored', RESTORED, RESTORE],
  ['booted', BOX_DISKS, BOOT],
] as const)(
  'a machine with a network that is %s differs in what is behind its device',
  (_how, files, launch) => {
    const none = planQemu(OLD_QEMU, MACHINE, files, launch);
    const connected = planQemu(OLD_QEMU, MACHINE, files, { ...launch, network: true });
    expect([none.netFd, connected.netFd]).toEqual([undefined, 22]);
    expect(difference(none.argv, connected.argv)).toEqual(['hubport,id=net0,hubid=0']);
    expect(difference(connected.argv, none.argv)).toEqual(['socket,id=net0,fd=22']);
    expect(connected.preload).toBe(none.preload);
  },
);

test('the devices stand in one order, whatever the image is made of', () => {
  const devices = ({ argv }: LaunchPlan): string[] =>
    argv.filter((_, i) => argv[i - 1] === '-device');
  const expected = devices(planQemu(OLD_QEMU, MACHINE, RESTORED, RESTORE));
  expect(expected).toHaveLength(11);
  expect(devices(planQemu(OLD_QEMU, MACHINE, DRAFT, BOOT))).toEqual(expected);
  expect(devices(planQemu(NEW_QEMU, MACHINE, { ...RESTORED, extents: [] }, RESTORE))).toEqual(
    expected,
  );
});

describe('memory of a template', () => {
  test.each([
    [7, 2, true],
    [8, 1, true],
    [8, 2, false],
    [9, 0, false],
    [10, 0, false],
  ])('is kept from QEMU %d.%d by the interposer alone: %s', (major, minor, preload) => {
    const program = { ...OLD_QEMU, version: [major, minor, 0] as const };
    const plan = planQemu(program, MACHINE, RESTORED, RESTORE);
    const readOnly = preload ? PRIVATE_RAM : `${PRIVATE_RAM},readonly=on,rom=off`;
    expect(plan.argv).toContain(readOnly);
    expect(plan.files.find(({ path }) => path === RESTORED.ram)?.write).toBe(false);
  });

  test.each([
    ['boots', BOOT],
    ['continues another', { kind: 'restore', keepsRam: true } as const],
  ])('is written where a template is made that %s, also by a new QEMU', (_what, launch) => {
    const plan = planQemu(NEW_QEMU, MACHINE, DRAFT, launch);
    expect(plan.argv).toContain(PRIVATE_RAM.replace('share=off', 'share=on'));
    expect(plan.files.find(({ path }) => path === DRAFT.ram)?.write).toBe(true);
  });
});

test('KVM comes as a descriptor, by the interposer whatever QEMU it is', () => {
  const machine = { ...MACHINE, accelerator: 'kvm' as const };
  const plan = planQemu(NEW_QEMU, machine, RESTORED, RESTORE);
  expect(plan.argv.slice(3, 6)).toEqual(['-accel', 'kvm', '-cpu']);
  expect(plan.env).toContain('BOXLITE_KVM_FD=21');
  expect(plan.files).toContainEqual({ fd: 21, path: '/dev/kvm', write: true });
  expect(plan.preload).toBe(true);
});

test.each([
  ['by KVM', { accelerator: 'kvm' }, 'host,svm=off,vmx=off,pmu=off'],
  ['by KVM, nested', { accelerator: 'kvm', nested: true }, 'host,pmu=off'],
  ['by emulation', { accelerator: 'tcg' }, 'max,erms=off,svm=off'],
] as const)('a guest %s has virtualization only where it is to have it', (_what, by, cpu) => {
  const { argv } = planQemu(NEW_QEMU, { ...MACHINE, ...by }, RESTORED, RESTORE);
  expect(argv[argv.indexOf('-cpu') + 1]).toBe(cpu);
});

describe.each([
  ['a restored box', RESTORED, { ...RESTORE, network: true }],
  ['a template', DRAFT, BOOT],
  ['a box that boots', BOX_DISKS, BOOT],
] as const)('%s', (_what, files, launch) => {
  const plan = planQemu(OLD_QEMU, MACHINE, files, launch);

  test('shows no path of the home in its command line or environment', () => {
    expect([...plan.argv.slice(1), ...plan.env].filter((word) => word.includes('/h/'))).toEqual([]);
  });

  test('is given every descriptor once, and each that it names', () => {
    const { files: opened, qmpFd, portFd, consoleFd, netFd } = plan;
    const sockets = [qmpFd, portFd, consoleFd, netFd].filter((fd) => fd !== undefined);
    const passed = [...opened.map(({ fd }) => fd), ...sockets];
    expect(new Set(passed).size).toBe(passed.length);
    const named = plan.argv.join(' ').matchAll(/(?:\bfd=|\baddr\.str=|\/proc\/self\/fd\/)(\d+)/g);
    expect([...named].map(([, fd]) => Number(fd)).filter((fd) => !passed.includes(fd))).toEqual([]);
  });

  test('may write its disk, its own memory and nothing else', () => {
    const own = [files.disk, ...(launch.kind === 'boot' ? [files.ram] : [])];
    expect(plan.files.filter(({ write }) => write).map(({ path }) => path)).toEqual(
      own.filter((path) => path !== undefined),
    );
  });
});

describe('the export of a box with volumes', () => {
  const plan = (...readOnly: boolean[]): LaunchPlan =>
    planQemu(
      NEW_QEMU,
      MACHINE,
      { ...RESTORED, shares: readOnly.map((each) => ({ path: '/srv', readOnly: each })) },
      RESTORE,
    );
  const backend = ({ argv }: LaunchPlan): string | undefined => argv[argv.indexOf('-fsdev') + 1];

  test.each([
    [[true], 'readonly=on,multidevs=remap'],
    [[true, true], 'readonly=on,multidevs=remap'],
    [[false], 'readonly=off,multidevs=remap'],
    [[true, false], 'readonly=off,multidevs=remap'],
  ])('of which %j are read-only is %s', (readOnly, expected) => {
    expect(backend(plan(...readOnly))).toBe(
      `local,id=share,path=/proc/self/fd/19,security_model=none,${expected}`,
    );
  });

  test('changes no device and names no path', () => {
    const [without, with_] = [plan(), plan(true, false)];
    expect(difference(with_.argv, without.argv)).toEqual([backend(with_)]);
    expect(with_.argv.join(' ')).not.toContain('/srv');
    expect([without.preload, with_.preload]).toEqual([true, true]);
    expect(with_.shares.entries).toEqual([
      { path: '/srv', readOnly: true },
      { path: '/srv', readOnly: false },
    ]);
  });
});

test('a state travels through descriptors', () => {
  expect(STATE_URI).toBe('unix:/proc/self/fd/20/state.sock');
  expect(INCOMING_URI).toBe('fd:14');
});

function difference(these: readonly string[], those: readonly string[]): string[] {
  return these.filter((word) => !those.includes(word));
}

describe('the calls that the lock leaves', () => {
  const callsOf = (...[files, launch, machine = MACHINE]: [MachineFiles, Launch, MachineSpec?]) =>
    planQemu(OLD_QEMU, machine, files, launch).env.find((each) =>
      each.startsWith('BOXLITE_CALLS='),
    );

  test.each([
    ['an emulated box', callsOf(RESTORED, RESTORE), 0],
    ['one with KVM', callsOf(RESTORED, RESTORE, { ...MACHINE, accelerator: 'kvm' }), CALLS.KVM],
    [
      'one with volumes',
      callsOf({ ...RESTORED, shares: [{ path: '/srv', readOnly: true }] }, RESTORE),
      CALLS.SHARES,
    ],
    ['a template in the making', callsOf({ ...DRAFT, stateDirectory: '/t' }, BOOT), CALLS.SAVING],
  ])('are those that %s needs', (_what, variable, calls) => {
    expect(variable).toBe(`BOXLITE_CALLS=${calls}`);
  });

  test('are all of them without the sandbox', () => {
    const plan = sandboxed(planQemu(OLD_QEMU, MACHINE, RESTORED, RESTORE), false);
    expect(plan.env.join(' ')).not.toContain('BOXLITE_CALLS');
  });

  test('have the same bits in the interposer', () => {
    const header = readFileSync('native/preload/lock.h', 'utf8');
    const bits = [...header.matchAll(/CALLS_(\w+) = (\d+)/g)].map(([, name, bit]) => [
      name,
      Number(bit),
    ]);
    expect(Object.fromEntries(bits)).toEqual(CALLS);
  });
});
