import { expect, test } from 'vitest';
import { Database } from '../../../src/store/database.js';
import { temporaryDatabase, temporaryHome } from './store-fixture.js';

const image = (name: string, createdAt = 1) => ({
  manifestDigest: `sha256:aa${name}`,
  imageId: `sha256:1d${name}`,
  platform: 'linux/amd64',
  size: 1_234,
  createdAt,
});

const put = (reference: string, name: string, createdAt?: number) => ({
  ...image(name, createdAt),
  reference,
  indexDigest: null,
});

test('a reference gives back what was put under it', () => {
  const { images } = temporaryDatabase();
  const record = { ...put('localhost/x:latest', '1'), indexDigest: 'sha256:11' };
  expect(images.put(record)).toBeUndefined();
  expect(images.get('localhost/x:latest')).toMatchObject({ ...record, pulledAt: 1_001 });
  expect(images.get('localhost/x:other')).toBeUndefined();
});

test('images are flushed to the disk when they are recorded', () => {
  const levels: unknown[] = [];
  const database = Database.open(temporaryHome(), () => {
    levels.push(Object.values(database.get('PRAGMA synchronous') ?? {})[0]);
    return 1;
  });
  database.images.add(image('1'));
  database.images.put(put('localhost/x:latest', '1'));
  database.close();
  expect(new Set(levels)).toEqual(new Set([2]));
});

test('a reference put again on the same image displaces nothing', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/x:latest', '1'));
  expect(images.put(put('localhost/x:latest', '1'))).toBeUndefined();
  expect(images.list()).toHaveLength(1);
});

test('a reference that moves leaves its old image dangling', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/x:latest', '1'));
  expect(images.put(put('localhost/x:latest', '2'))?.imageId).toBe('sha256:1d1');
  expect(images.dangling()).toEqual([image('1')]);
});

test('an image with a second reference does not dangle', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/x:latest', '1'));
  images.put(put('localhost/x:1', '1'));
  images.put(put('localhost/x:latest', '2'));
  expect(images.dangling()).toEqual([]);
  expect(images.referencesOf('sha256:aa1').map((r) => r.reference)).toEqual(['localhost/x:1']);
});

test('an image may be added without a reference and named later', () => {
  const { images } = temporaryDatabase();
  images.add(image('1'));
  images.add(image('1'));
  expect(images.dangling()).toEqual([image('1')]);
  images.put(put('localhost/x:latest', '1'));
  expect(images.dangling()).toEqual([]);
});

test('references are listed by the newest image, then by name', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/b:latest', '1', 10));
  images.put(put('localhost/a:latest', '1', 10));
  images.put(put('localhost/c:latest', '2', 20));
  expect(images.list().map((r) => r.reference)).toEqual([
    'localhost/c:latest',
    'localhost/a:latest',
    'localhost/b:latest',
  ]);
});

test('removing a reference gives back what it named', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/x:latest', '1'));
  expect(images.remove('localhost/x:latest')?.manifestDigest).toBe('sha256:aa1');
  expect(images.remove('localhost/x:latest')).toBeUndefined();
  expect(images.getImage('sha256:aa1')).toEqual(image('1'));
});

test('an image is forgotten only without references', () => {
  const { images } = temporaryDatabase();
  images.put(put('localhost/x:latest', '1'));
  expect(images.removeImage('sha256:aa1')).toBe(false);
  images.remove('localhost/x:latest');
  expect(images.removeImage('sha256:aa1')).toBe(true);
  expect(images.removeImage('sha256:aa1')).toBe(false);
  expect(images.getImage('sha256:aa1')).toBeUndefined();
});

test.each([
  ['the beginning of its id', '1d1', 1],
  ['the same with its algorithm', 'sha256:1d1', 1],
  ['the beginning of its manifest digest', 'aa2', 1],
  ['what two ids begin with', '1d', 2],
  ['a wildcard, which is no digit', '%', 0],
])('images are found by %s', (_what, prefix, count) => {
  const { images } = temporaryDatabase();
  images.add(image('1'));
  images.add(image('2'));
  expect(images.findImages(prefix)).toHaveLength(count);
});
