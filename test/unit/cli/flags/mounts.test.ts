import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseMount } from '../../../../src/cli/flags/mount.js';
import { parseTmpfs, readMounts } from '../../../../src/cli/flags/mounts.js';
import { parseVolume } from '../../../../src/cli/flags/volume.js';

describe('-v', () => {
  it.each([
    ['/a:/b', '/a', false],
    ['/a:/b:ro', '/a', true],
    ['/a:/b:rw', '/a', false],
    ['/a:/b:z,ro', '/a', true],
    ['/a:/b:Z,cached', '/a', false],
    ['/a:/b:', '/a', false],
    ['./a b:/b', resolve('a b'), false],
    ['.:/b', resolve('.'), false],
    ['../a:/b:ro', resolve('../a'), true],
  ])('reads %s', (text, hostPath, readOnly) => {
    const expected = { hostPath, guestPath: '/b', readOnly, createHostPath: true };
    expect(parseVolume(text)).toEqual(expected);
  });

  it.each<[string, object]>([
    ['data:/b', { name: 'data', readOnly: false }],
    ['data:/b:ro,z', { name: 'data', readOnly: true }],
    ['my.data-1_x:/b:nocopy', { name: 'my.data-1_x', readOnly: false, noCopy: true }],
    ['data:/b:ro,nocopy', { name: 'data', readOnly: true, noCopy: true }],
    ['data:/b:watch', { name: 'data', readOnly: false, watch: true }],
    ['data:/b:nowatch', { name: 'data', readOnly: false, watch: false }],
    ['/b', {}],
  ])('reads the volume of %s', (text, expected) => {
    expect(parseVolume(text)).toEqual({ guestPath: '/b', ...expected });
  });

  it('reads that a directory is to be watched', () => {
    expect(parseVolume('/a:/b:ro,watch')).toEqual({
      ...{ hostPath: '/a', guestPath: '/b', readOnly: true, watch: true, createHostPath: true },
    });
  });

  it.each([
    ['', "invalid volume specification: ''"],
    [':/b', "invalid volume specification: ':/b'"],
    ['/a:/b:ro:x', "invalid volume specification: '/a:/b:ro:x'"],
    ['/a:ro', "invalid volume specification: '/a:ro'"],
    ['/a:', "invalid volume specification: '/a:'"],
    ['/a:/b:rx', 'invalid mode: rx'],
    ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
    ['/a:/b:watch,nowatch', 'invalid mode: watch,nowatch'],
    ['/a:/b:shared', 'a mount that a box makes stays in its machine'],
    ['/a:/b:ro,rslave', 'a mount that the host makes below a volume later would escape its limits'],
    ['/a:/b:nocopy', 'invalid mode: nocopy: nothing is copied into a directory of the host anyhow'],
    ['/a:b', "invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be"],
    ['data', "invalid volume specification: 'data': invalid mount path: 'data' mount path must be"],
    ['data:ro', "invalid volume specification: 'data:ro'"],
    ['data:/b:shared', 'a mount that a box makes stays in its machine'],
    ['d:/b', 'create d: volume name is too short, names should be at least two alphanumeric'],
    ['a/b:/b', 'create a/b: "a/b" includes invalid characters for a local volume name'],
    ['.a:/b', 'create .a: ".a" includes invalid characters for a local volume name'],
    [`${'x'.repeat(256)}:/b`, 'volume name is too long, names have at most 255 characters'],
  ])('refuses %s', (text, message) => {
    expect(() => parseVolume(text)).toThrow(message);
  });
});

describe('--mount', () => {
  it.each([
    ['type=bind,source=/a,target=/b', false],
    ['type=bind,src=/a,dst=/b,readonly', true],
    ['type=bind,src=/a,destination=/b,ro', true],
    ['TYPE=BIND,Source=/a,Target=/b,readonly=false', false],
    ['type=bind,src=/a,dst=/b,readonly=1,consistency=cached', true],
    ['type=bind,src=/a,dst=/b,bind-propagation=rprivate,bind-recursive=enabled', false],
  ])('reads the directory of %s', (text, readOnly) => {
    expect(parseMount(text)).toEqual({
      volume: { hostPath: '/a', guestPath: '/b', readOnly, asMount: true },
    });
  });

  it.each([
    ['type=bind,src=/a,dst=/b,watch', { hostPath: '/a', watch: true }],
    ['src=data,dst=/b,watch=1', { name: 'data', watch: true }],
    ['src=data,dst=/b,watch=false', { name: 'data', watch: false }],
  ])('reads that the volume of %s is to be watched', (text, expected) => {
    expect(parseMount(text)).toEqual({
      volume: { guestPath: '/b', readOnly: false, asMount: true, ...expected },
    });
  });

  it('takes paths with colons, commas, quotes, equals signs and spaces', () => {
    expect(parseMount('type=bind,"src=/a:b,""c""",dst=/x y=z')).toEqual({
      volume: { hostPath: '/a:b,"c"', guestPath: '/x y=z', readOnly: false, asMount: true },
    });
  });

  it('takes a source from where the command was typed', () => {
    expect(parseMount('type=bind,src=./a,dst=/b')).toMatchObject({
      volume: { hostPath: resolve('a') },
    });
  });

  it.each([
    ['type=tmpfs,target=/b', undefined],
    ['type=tmpfs,target=/b,tmpfs-size=64m', 'size=67108864'],
    ['type=tmpfs,target=/b,tmpfs-size=4096,tmpfs-mode=1700,ro', 'mode=1700,size=4096,ro'],
  ])('reads the tmpfs of %s', (text, options) => {
    expect(parseMount(text)).toEqual({ tmpfs: { guestPath: '/b', ...(options && { options }) } });
  });

  it.each<[string, object]>([
    ['source=data,target=/b', { name: 'data' }],
    ['type=volume,src=data,dst=/b,ro', { name: 'data', readOnly: true }],
    ['type=volume,target=/b', {}],
    ['type=volume,target=/b,volume-nocopy', { noCopy: true }],
    ['type=volume,target=/b,volume-nocopy=false,volume-driver=local', {}],
    ['type=volume,source=data,target=/b,volume-subpath=a/b', { name: 'data', subpath: 'a/b' }],
    [
      'target=/b,volume-label=a=1,volume-label=b,volume-opt=type=disk,volume-opt=size=20g',
      { labels: { a: '1', b: '' }, options: { type: 'disk', size: '20g' } },
    ],
  ])('reads the volume of %s', (text, expected) => {
    expect(parseMount(text)).toEqual({
      volume: { guestPath: '/b', readOnly: false, asMount: true, ...expected },
    });
  });

  it.each([
    ['type=image,source=alpine:3,target=/b', {}],
    ['type=IMAGE,src=alpine:3,dst=/b,ro,image-subpath=etc/x', { subpath: 'etc/x' }],
  ])('reads the image of %s', (text, expected) => {
    expect(parseMount(text)).toEqual({
      volume: { image: 'alpine:3', guestPath: '/b', ...expected },
    });
  });

  it.each([
    ['source=/a,target=/b', 'create /a: "/a" includes invalid characters'],
    ['type=volume,source=a,target=/b', 'create a: volume name is too short'],
    ['type=volume,target=/b,volume-driver=nfs', 'volumes have the driver local, not nfs'],
    ['type=volume,target=/b,volume-nocopy=maybe', 'invalid value for volume-nocopy: maybe'],
    ['type=volume,source=data', 'target is required'],
    ['type=bind,source=/a,target=/b,volume-label=a', "cannot mix 'volume-*' options with mount"],
    ['type=image,target=/b', 'an image mount needs a source'],
    ['type=image,source=a,target=/b,ro=false', 'an image is mounted read-only'],
    ['type=image,source=a,target=/b,watch', 'the host changes nothing in an image'],
    [
      'type=volume,source=data,target=/b,image-subpath=c',
      "cannot mix 'image-*' options with mount",
    ],
    ['type=npipe,target=/b', 'type must be bind, volume, image or tmpfs, not "npipe"'],
    ['type=bind,source=/a', 'target is required'],
    ['type=bind,target=/b', 'a bind mount needs a source'],
    ['type=bind,source=/a,target', "invalid field 'target' must be a key=value pair"],
    ['type=bind,source=/a,target=/b,color=red', "unexpected key 'color' in 'color=red'"],
    ['type=tmpfs,target=/b,watch', 'the host changes nothing in a tmpfs that could be watched'],
    ['type=bind,source=/a,target=/b,readonly=maybe', 'invalid value for readonly: maybe'],
    ['type=bind,source=/a,target=/b,tmpfs-size=1', "cannot mix 'tmpfs-*' options with mount type"],
    [
      'type=tmpfs,target=/b,bind-propagation=private',
      "cannot mix 'bind-*' options with mount type",
    ],
    ['type=tmpfs,source=/a,target=/b', 'a tmpfs has no source'],
    ['type=tmpfs,target=/b,tmpfs-size=much', 'invalid value for tmpfs-size: much'],
    ['type=tmpfs,target=/b,tmpfs-mode=999', 'invalid value for tmpfs-mode: 999'],
    ['type=bind,source=/a,target=/b,bind-propagation=odd', 'invalid propagation "odd"'],
    [
      'type=bind,source=/a,target=/b,bind-propagation=shared',
      'a mount that a box makes stays in its machine',
    ],
    ['type=bind,source=/a,target=/b,bind-recursive=disabled', 'always comes with it'],
    ['', "unexpected key '' in ''"],
    ['type=bind,"source=/a', 'a quote in'],
  ])('refuses %s', (text, message) => {
    expect(() => parseMount(text)).toThrow(message);
  });
});

it.each([
  ['/a', { guestPath: '/a' }],
  ['/a:size=1m,mode=700', { guestPath: '/a', options: 'size=1m,mode=700' }],
  ['/a:', { guestPath: '/a', options: '' }],
])('--tmpfs %s', (text, expected) => {
  expect(parseTmpfs(text)).toEqual(expected);
});

it('none of the three says nothing', () => {
  expect(readMounts([], [], [])).toEqual({});
});

describe('where what the host changes is noticed', () => {
  it.each([
    ['/a:/b', true],
    ['/a:/b:ro', true],
    ['/a:/b:nowatch', false],
    ['/a:/b:watch', true],
    // A volume and an image are the boxes’ alone.
    ['data:/b', undefined],
    ['type=bind,src=/a,dst=/b', true],
    ['type=bind,src=/a,dst=/b,watch=false', false],
    ['type=volume,src=data,dst=/b', undefined],
    ['type=image,src=busybox,dst=/b', undefined],
  ])('watches by default: %s %j', (text, watch) => {
    const [volumes, mounts] = text.startsWith('type=') ? [[], [text]] : [[text], []];
    const [read] = readMounts(volumes, mounts, [], true).volumes ?? [];
    expect(read).toMatchObject({ guestPath: '/b' });
    expect(read && 'watch' in read ? read.watch : undefined).toBe(watch);
    const [plain] = readMounts(volumes, mounts, []).volumes ?? [];
    expect(plain).toEqual(watch === true && !text.includes('watch') ? withoutWatch(read) : read);
  });
});

const withoutWatch = (spec: object | undefined): object =>
  Object.fromEntries(Object.entries(spec ?? {}).filter(([name]) => name !== 'watch'));
