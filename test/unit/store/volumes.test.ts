import { expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.js';
import type { NewVolume } from '../../../src/store/volumes.js';
import { newBox, temporaryDatabase } from './store-fixture.js';

const VOLUME: NewVolume = {
  ...({ name: 'data', kind: 'shared', anonymous: false } as const),
  ...{ labels: { a: 'b' }, options: { type: 'shared' }, sizeBytes: null },
};

const insert = (database: Database, fields: Partial<NewVolume> = {}) =>
  database.write(() => database.volumes.insert({ ...VOLUME, ...fields }));

function use(database: Database, box: number, volume: string, byName = true): string {
  const { id } = database.boxes.get(newBox(box).id) ?? database.boxes.insert(newBox(box));
  const target = `/${volume}`;
  database.volumeUses.insert({ boxId: id, volume, target, readOnly: box === 2, byName });
  return id;
}

const eventsOf = (database: Database) =>
  database.events
    .after(0)
    .filter(({ type }) => type === 'volume')
    .map(({ action, actor, attributes }) => ({ action, actor, attributes }));

test('a volume comes back as it went in, and is listed by name', () => {
  const database = temporaryDatabase();
  const data = insert(database);
  expect(data).toEqual({ ...VOLUME, createdAt: expect.any(Number) as number });
  expect(database.volumes.get('data')).toEqual(data);
  const disk = insert(database, { name: 'Disk' });
  expect(database.volumes.list()).toEqual([disk, data]);
  expect(database.volumes.get('dat')).toBeUndefined();
});

test('a name is taken once', () => {
  const database = temporaryDatabase();
  insert(database);
  expect(() => insert(database)).toThrow();
});

test('a volume that a box has is not removed, and the removal of the box frees it', () => {
  const database = temporaryDatabase();
  insert(database);
  const id = use(database, 1, 'data');
  expect(database.volumes.removeUnused('data')).toBe(false);
  expect(database.volumeUses.ofVolume('data')).toEqual([
    { boxId: id, volume: 'data', target: '/data', readOnly: false, byName: true },
  ]);
  expect(() => database.run('DELETE FROM volumes')).toThrow();
  database.boxes.remove(id, ['configured']);
  expect(database.volumeUses.ofVolume('data')).toEqual([]);
  expect(database.volumes.removed()).toEqual([]);
  expect(database.volumes.removeUnused('data')).toBe(true);
  expect(database.volumes.removeUnused('data')).toBe(false);
});

test('a removed volume is named until its files are gone, or another has the name', () => {
  const database = temporaryDatabase();
  for (const name of ['data', 'other']) {
    insert(database, { name });
    database.volumes.removeUnused(name);
  }
  expect(database.volumes.removed()).toEqual(['data', 'other']);
  insert(database);
  database.volumes.forgetRemoved('other');
  expect(database.volumes.isRemoved('data')).toBe(false);
  expect(database.volumes.removed()).toEqual([]);
});

test('a box has no volume that does not exist', () => {
  const database = temporaryDatabase();
  expect(() => use(database, 1, 'nothing')).toThrow();
});

test('only what nobody has named goes with a box', () => {
  const database = temporaryDatabase();
  insert(database);
  insert(database, { name: 'nameless', anonymous: true });
  insert(database, { name: 'called', anonymous: true });
  const id = use(database, 1, 'data');
  use(database, 1, 'nameless', false);
  use(database, 1, 'called');
  expect(database.volumeUses.anonymousOf(id)).toEqual(['nameless']);
});

test('events have Docker’s attributes', () => {
  const database = temporaryDatabase();
  insert(database);
  const id = use(database, 2, 'data');
  database.volumeUses.addEvents(id, 'mount', 1);
  database.volumeUses.addEvents(id, 'unmount', 2);
  database.boxes.remove(id, ['configured']);
  database.volumes.removeUnused('data');
  const box = { driver: 'local', container: id };
  expect(eventsOf(database)).toEqual([
    { action: 'create', actor: 'data', attributes: { driver: 'local' } },
    {
      ...{ action: 'mount', actor: 'data' },
      attributes: { ...box, destination: '/data', 'read/write': 'false', propagation: '' },
    },
    { action: 'unmount', actor: 'data', attributes: box },
    { action: 'destroy', actor: 'data', attributes: { driver: 'local' } },
  ]);
});
