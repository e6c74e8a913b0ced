import { describe, expect, test } from 'vitest';
import { DISK_BYTES } from '../../../../src/image/disk/disk-size.js';
import {
  extentPath,
  type LaunchPlan,
  type MachineFiles,
  SLOT_BYTES,
  VOLUME_SLOTS,
} from '../../../../src/vmm/driver.js';
import { planQemu } from '../../../../src/vmm/qemu/command.js';
import { BOX_DISKS, MACHINE, OLD_QEMU } from '../vmm-fixture.js';

const FILES: MachineFiles = { ...BOX_DISKS, ram: '/h/t/ram', state: '/h/t/state' };
const plan = (volumes?: readonly string[]): LaunchPlan =>
  planQemu(OLD_QEMU, MACHINE, { ...FILES, ...(volumes && { volumes }) }, { kind: 'restore' });
const nodes = ({ argv }: LaunchPlan): unknown[] =>
  argv.filter((_, i) => argv[i - 1] === '-blockdev').map((text) => JSON.parse(text) as unknown);
const devices = ({ argv }: LaunchPlan): string[] =>
  argv.filter((_, i) => argv[i - 1] === '-device');

describe('a box with disk volumes', () => {
  const two = plan(['/h/volumes/a/disk', '/h/volumes/b/disk']);

  test('has the devices of every other box', () => {
    expect(devices(two)).toEqual(devices(plan()));
    expect(devices(two).filter((device) => device.includes('drive=vol'))).toHaveLength(
      VOLUME_SLOTS,
    );
  });

  test('has its volumes in the first slots, and nothing that keeps anything in the others', () => {
    const file = { driver: 'file', 'read-only': false, locking: 'off', discard: 'unmap' };
    expect(nodes(two).slice(2)).toMatchObject([
      { 'node-name': 'vol0', discard: 'unmap', file: { ...file, filename: '/dev/fdset/3' } },
      { 'node-name': 'vol1', discard: 'unmap', file: { ...file, filename: '/dev/fdset/4' } },
      { 'node-name': 'vol2', file: { driver: 'null-co', 'read-zeroes': true } },
      { 'node-name': 'vol3', file: { driver: 'null-co', 'read-zeroes': true } },
    ]);
    expect(two.argv).toContain('fd=24,set=3');
    expect(two.argv).toContain('fd=25,set=4');
  });

  test('may write them, and shows no path of theirs', () => {
    expect(two.files.filter(({ write }) => write)).toEqual([
      { fd: 18, path: FILES.disk, write: true },
      { fd: 24, path: '/h/volumes/a/disk', write: true },
      { fd: 25, path: '/h/volumes/b/disk', write: true },
    ]);
    expect(two.argv.join(' ')).not.toContain('/h/');
  });

  test('that fill all slots have numbers of their own', () => {
    const all = plan(Array.from({ length: VOLUME_SLOTS }, (_, i) => `/h/volumes/${i}/disk`));
    const fds = all.files.map(({ fd }) => fd);
    expect(new Set(fds).size).toBe(fds.length);
    expect(nodes(all)).not.toContainEqual(expect.objectContaining({ file: { driver: 'null-co' } }));
  });
});

describe('a box with modules of its kernel', () => {
  const files = { ...FILES, volumes: ['/h/volumes/a/disk'], modules: '/h/assets/k/m.erofs' };
  const box = planQemu(OLD_QEMU, MACHINE, files, { kind: 'restore' });

  test('has them in the last slot, and the devices of every other box', () => {
    expect(devices(box)).toEqual(devices(plan()));
    const file = { driver: 'file', 'read-only': true, filename: '/dev/fdset/6' };
    expect(nodes(box).slice(2)).toMatchObject([
      { 'node-name': 'vol0', file: { 'read-only': false } },
      { 'node-name': 'vol1', file: { driver: 'null-co' } },
      { 'node-name': 'vol2', file: { driver: 'null-co' } },
      { 'node-name': 'vol3', 'read-only': true, file },
    ]);
    expect(box.argv).toContain('fd=27,set=6');
  });

  test('may not write them', () => {
    expect(box.files).toContainEqual({ fd: 27, path: '/h/assets/k/m.erofs', write: false });
  });
});

describe('a box with images mounted in it', () => {
  const extents = ['/h/meta', '/h/layer', '/h/padding'];
  const files: MachineFiles = {
    ...{ ...FILES, extents, volumes: ['/h/volumes/a/disk'], modules: '/h/assets/k/m.erofs' },
    mountedImages: [
      { image: '/h/boxes/b/mounted-0.vmdk', extents: ['/h/other/meta', '/h/layer'] },
      { image: '/h/boxes/b/mounted-1.vmdk', extents: ['/h/third/meta'] },
    ],
  };
  const box = planQemu(OLD_QEMU, MACHINE, files, { kind: 'restore' });

  test('has them read-only between its volumes and the modules', () => {
    expect(devices(box)).toEqual(devices(plan()));
    const joined = (fdset: number) => ({
      ...{ driver: 'vmdk', 'read-only': true },
      file: { 'read-only': true, filename: `/dev/fdset/${fdset}` },
    });
    expect(nodes(box).slice(2)).toMatchObject([
      { 'node-name': 'vol0', file: { 'read-only': false } },
      { 'node-name': 'vol1', 'read-only': true, file: joined(4) },
      { 'node-name': 'vol2', 'read-only': true, file: joined(5) },
      { 'node-name': 'vol3', 'read-only': true, file: { filename: '/dev/fdset/6' } },
    ]);
  });

  test('may write nothing of them, and finds each extent where the descriptor says', () => {
    const ofImages = box.files.filter(({ fd }) => fd > 24);
    expect(ofImages.map(({ write }) => write)).not.toContain(true);
    const setOf = ({ fd }: { fd: number }): string | undefined =>
      box.argv.find((word) => word.startsWith(`fd=${fd},`));
    expect(ofImages.map((file) => [file.path, setOf(file)])).toEqual([
      ['/h/boxes/b/mounted-0.vmdk', 'fd=25,set=4'],
      ['/h/boxes/b/mounted-1.vmdk', 'fd=26,set=5'],
      ['/h/assets/k/m.erofs', 'fd=27,set=6'],
      ['/h/meta', 'fd=32,set=100'],
      ['/h/layer', 'fd=33,set=101'],
      ['/h/padding', 'fd=34,set=102'],
      ['/h/other/meta', 'fd=35,set=1100'],
      ['/h/layer', 'fd=36,set=1101'],
      ['/h/third/meta', 'fd=37,set=2100'],
    ]);
    expect([extentPath(0, 1), extentPath(0, 2)]).toEqual(['/dev/fdset/1100', '/dev/fdset/2100']);
  });
});

test('an empty slot is as large as every disk, or a template would not fit', () => {
  expect(SLOT_BYTES).toBe(DISK_BYTES);
});
