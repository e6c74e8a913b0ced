import { describe, expect, test } from 'vitest';
import type { BoxOptions } from '../../../../../src/engine/spec/options.js';
import {
  parseVolumesFrom,
  withInheritedMounts,
} from '../../../../../src/engine/spec/volumes/inherited-mounts.js';
import { boxSpec } from '../../engine-fixture.js';

describe('--volumes-from', () => {
  test.each<[string, string, boolean]>([
    ['web', 'web', false],
    ['web:', 'web', false],
    ['web:rw', 'web', false],
    ['web:ro', 'web', true],
    ['web:ro,z', 'web', true],
  ])('reads %s', (text, box, readOnly) => {
    expect(parseVolumesFrom(text)).toEqual({ box, readOnly });
  });

  test.each([
    ['', 'volumes-from specification cannot be an empty string'],
    ['web:rx', 'invalid mode: rx'],
    ['web:nocopy', 'invalid mode: nocopy'],
    ['web:ro:x', 'invalid mode: ro:x'],
    ['web:shared', 'invalid mode: shared'],
  ])('refuses %j', (text, message) => {
    expect(() => parseVolumesFrom(text)).toThrow(message);
    expect(() => boxSpec({ volumesFrom: [text] })).toThrow(message);
  });
});

const mountsOf = (options: BoxOptions) => boxSpec(options).volumes;
const from = (readOnly = false) => ({ box: 'other', readOnly });

test('a box’s own mounts come first, then those of the box named last, then the image’s', () => {
  const spec = boxSpec(
    { volumes: [{ name: 'own', guestPath: '/own' }], tmpfs: [{ guestPath: '/tmpfs' }] },
    { volumes: ['/own', '/tmpfs', '/shared/', 'relative', '/image', '/image/'] },
  );
  const first = mountsOf({
    volumes: ['/own', '/shared', '/both'].map((guestPath) => ({ name: 'first', guestPath })),
  });
  const second = mountsOf({ volumes: [{ hostPath: '/host', guestPath: '/both' }] });
  const { volumes } = withInheritedMounts(spec, [
    { from: from(), mounts: first },
    { from: from(true), mounts: second },
  ]);
  expect(volumes.map((mount) => [mount.target, mount.given, mount.readOnly])).toEqual([
    ['/own', undefined, false],
    ['/shared', 'box', false],
    ['/both', 'box', true],
    ['/relative', 'image', false],
    ['/image', 'image', false],
  ]);
  expect(volumes[1]).toMatchObject({ name: 'first', noCopy: true });
  expect(volumes[3]).toMatchObject({ name: '', unnamed: true, noCopy: false });
});

test('another box’s mounts replace anonymous ones of the same place', () => {
  const spec = boxSpec(
    { volumes: ['/x', '/y'].map((guestPath) => ({ guestPath })) },
    { volumes: ['/x', '/y'] },
  );
  const mounts = mountsOf({ volumes: [{ name: 'data', guestPath: '/x' }] });
  const { volumes } = withInheritedMounts(spec, [{ from: from(), mounts }]);
  expect(volumes.map((mount) => [mount.target, mount.given])).toEqual([
    ['/y', 'path'],
    ['/x', 'box'],
  ]);
});

test.each(['/', '/proc/sys', '/dev', '..', '/x\0'])(
  'an image that wants a volume at %j is told from',
  (path) => {
    const spec = boxSpec({}, { volumes: [path] });
    expect(() => withInheritedMounts(spec, [])).toThrow(`the image's volume ${path}: `);
  },
);

test('all of them together are no more than a box can have', () => {
  const volumes = Array.from({ length: 65 }, (_, index) => `/v${index}`);
  expect(() => withInheritedMounts(boxSpec({}, { volumes }), [])).toThrow(
    'a box can have 64 volumes and 128 mounts, not 65 and 65',
  );
});

test.each([
  ['/abs', 'subpath must be a relative path within the volume: /abs'],
  ['../x', 'subpath ../x is not within the volume'],
  ['a/../..', 'subpath a/../.. is not within the volume'],
  ['', 'subpath "" is not within the volume'],
])('a subpath of %j is refused', (subpath, message) => {
  const volumes = [{ name: 'data', guestPath: '/x', subpath }];
  expect(() => boxSpec({ volumes })).toThrow(message);
});
