import { describe, expect, test } from 'vitest';
import { checkVolumeName } from '../../../../../src/engine/spec/volumes/volume-name.js';
import { settleVolumeOptions } from '../../../../../src/engine/spec/volumes/volume-options.js';

const GIB = 2 ** 30;

describe('the options of a volume', () => {
  test.each<[Record<string, string>, 'shared' | 'disk', object]>([
    [{}, 'shared', { kind: 'shared', sizeBytes: null }],
    [{}, 'disk', { kind: 'disk', sizeBytes: 10 * GIB }],
    [{ type: 'shared' }, 'disk', { kind: 'shared', sizeBytes: null }],
    [{ type: 'disk' }, 'shared', { kind: 'disk', sizeBytes: 10 * GIB }],
    [{ type: 'disk', size: '20g' }, 'shared', { kind: 'disk', sizeBytes: 20 * GIB }],
    [{ size: '1.5 GiB' }, 'disk', { kind: 'disk', sizeBytes: 1.5 * GIB }],
    [{ size: '67108864' }, 'disk', { kind: 'disk', sizeBytes: 67_108_864 }],
  ])('%j where %s is the default', (options, kind, expected) => {
    expect(settleVolumeOptions(options, kind)).toEqual(expected);
  });

  test.each<[Record<string, string>, string]>([
    [{ color: 'red' }, 'invalid option: "color"'],
    [{ size: '1g' }, 'a shared volume has no size of its own'],
    [{ type: 'shared', size: '1g' }, 'a shared volume has no size of its own'],
    [{ type: 'disk', size: 'much' }, "invalid size: 'much'"],
    [{ type: 'disk', size: '1m' }, 'volume size'],
    [{ type: 'tmpfs', device: 'tmpfs' }, "a volume is not something of the host's (option device)"],
    [{ type: 'tmpfs' }, 'a volume is not kept in memory (type=tmpfs)'],
    [{ type: 'none', o: 'bind', device: '/srv' }, "a volume is not something of the host's"],
    [{ type: 'nfs' }, 'a volume is a directory (type=shared) or a disk (type=disk), not nfs'],
    [{ type: '' }, 'not ""'],
  ])('%j is refused', (options, message) => {
    expect(() => settleVolumeOptions(options, 'shared')).toThrow(message);
  });
});

describe('a volume’s name', () => {
  test.each(['ab', 'A.b-c_d', '0x', 'x'.repeat(255)])('may be %s', (name) => {
    expect(checkVolumeName(name)).toBe(name);
  });

  test.each([
    '',
    'a',
    '.',
    '..',
    '-a',
    '.a',
    '_a',
    'a/b',
    '../x',
    'a b',
    'ä1',
    'a\0',
    'x'.repeat(256),
  ])('may not be %j', (name) => {
    expect(() => checkVolumeName(name)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
