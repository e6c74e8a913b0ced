import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  parseMount,
  parseTmpfs,
  parseVolume,
  readMounts,
} from '../../../../src/cli/flags/mounts.js';

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

  it.each([
    ['', "invalid volume specification: ''"],
    [':/b', "invalid volume specification: ':/b'"],
    ['/a:/b:ro:x', "invalid volume specification: '/a:/b:ro:x'"],
    ['/a:ro', "invalid volume specification: '/a:ro'"],
    ['/a:', "invalid volume specification: '/a:'"],
    ['/a:/b:rx', 'invalid mode: rx'],
    ['/a:/b:ro,rw', 'invalid mode: ro,rw'],
    ['/a:/b:shared', "mounts of the host made later can't reach a box"],
    ['/a:/b:ro,rslave', "mounts of the host made later can't reach a box"],
    ['/a:/b:nocopy', 'invalid mode: nocopy: nothing is copied into a directory of the host anyhow'],
    ['/a:b', "invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be"],
    ['/a', 'anonymous volumes are not there yet: /a'],
    ['data:/b', 'named volumes are not there yet: data'],
    ['a/b:/b', '"a/b" includes invalid characters for a volume name'],
    ['.a:/b', '".a" includes invalid characters for a volume name'],
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
    expect(parseMount(text)).toEqual({ hostPath: '/a', guestPath: '/b', readOnly });
  });

  it('takes paths with colons, commas, quotes, equals signs and spaces', () => {
    expect(parseMount('type=bind,"src=/a:b,""c""",dst=/x y=z')).toEqual({
      hostPath: '/a:b,"c"',
      guestPath: '/x y=z',
      readOnly: false,
    });
  });

  it('takes a source from where the command was typed', () => {
    expect(parseMount('type=bind,src=./a,dst=/b')).toMatchObject({ hostPath: resolve('a') });
  });

  it.each([
    ['type=tmpfs,target=/b', undefined],
    ['type=tmpfs,target=/b,tmpfs-size=64m', 'size=67108864'],
    ['type=tmpfs,target=/b,tmpfs-size=4096,tmpfs-mode=1700,ro', 'mode=1700,size=4096,ro'],
  ])('reads the tmpfs of %s', (text, options) => {
    expect(parseMount(text)).toEqual({ guestPath: '/b', ...(options && { options }) });
  });

  it.each([
    ['source=/a,target=/b', 'named volumes are not there yet'],
    ['type=volume,source=a,target=/b', 'named volumes are not there yet'],
    ['type=npipe,target=/b', 'type must be bind or tmpfs, not "npipe"'],
    ['type=bind,source=/a', 'target is required'],
    ['type=bind,target=/b', 'a bind mount needs a source'],
    ['type=bind,source=/a,target', "invalid field 'target' must be a key=value pair"],
    ['type=bind,source=/a,target=/b,color=red', "unexpected key 'color' in 'color=red'"],
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
      "mounts of the host made later can't",
    ],
    ['type=bind,source=/a,target=/b,bind-recursive=disabled', 'always comes with it'],
    ['type=bind,source=a,target=/b', 'named volumes are not there yet: a'],
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
