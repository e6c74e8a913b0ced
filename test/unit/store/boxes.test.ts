import { describe, expect, test } from 'vitest';
import { newBox, temporaryDatabase } from './store-fixture.js';

const insertThree = () => {
  const database = temporaryDatabase();
  const boxes = [1, 2, 3].map((n) => database.boxes.insert(newBox(n, { name: `box-${n}` })));
  return { database, boxes };
};

describe('insert', () => {
  test('a new box is configured and has never run', () => {
    const { boxes } = temporaryDatabase();
    expect(boxes.insert(newBox(1, { options: { env: ['ä=ß'], cpus: 2 } }))).toEqual({
      id: newBox(1).id,
      name: null,
      status: 'configured',
      createdAt: 1_000,
      updatedAt: 1_000,
      image: 'busybox',
      manifestDigest: null,
      imageId: null,
      options: { env: ['ä=ß'], cpus: 2 },
      pid: null,
      shimPid: null,
      containerId: newBox(1).containerId,
      lockId: 0,
      autoRemove: false,
      exitCode: null,
      exitSignal: null,
      oomKilled: false,
      error: null,
      startedAt: null,
      finishedAt: null,
      startCount: 0,
      restartCount: 0,
      restartDelayMs: 0,
      paused: false,
      wanted: false,
      timings: null,
      ports: null,
      accelerator: null,
      templateKey: null,
      commandsExecuted: 0,
      execErrors: 0,
      health: null,
    });
  });

  test('a taken name is refused by the id of the box that has it', () => {
    const { database, boxes } = insertThree();
    expect(() => database.boxes.insert(newBox(4, { name: 'box-2' }))).toThrow(
      expect.objectContaining({
        code: 'name-taken',
        message: expect.stringContaining(boxes[1]?.id ?? '?') as string,
      }),
    );
    expect(database.boxes.list()).toHaveLength(3);
  });

  test('any number of boxes have no name', () => {
    const { boxes } = temporaryDatabase();
    boxes.insert(newBox(1));
    expect(boxes.insert(newBox(2)).name).toBeNull();
  });

  test('the smallest free lock id is taken', () => {
    const { database, boxes } = insertThree();
    expect(boxes.map((box) => box.lockId)).toEqual([0, 1, 2]);
    database.boxes.remove(newBox(2).id, ['configured']);
    expect(database.boxes.insert(newBox(4)).lockId).toBe(1);
    expect(database.boxes.insert(newBox(5)).lockId).toBe(3);
    database.boxes.remove(newBox(1).id, ['configured']);
    expect(database.boxes.insert(newBox(6)).lockId).toBe(0);
  });
});

describe('find', () => {
  const finder = () => {
    const { boxes } = temporaryDatabase();
    boxes.insert(newBox(1, { id: '01kaaaaaaaaaaaaaaaaaaaaaaa', name: 'web' }));
    boxes.insert(newBox(2, { id: '01kabbbbbbbbbbbbbbbbbbbbbb', name: '01kaa' }));
    boxes.insert(
      newBox(3, { id: '01kccccccccccccccccccccccc', name: '01kaaaaaaaaaaaaaaaaaaaaaaa' }),
    );
    return boxes;
  };

  test.each([
    ['a full id before a name that is the same', '01kaaaaaaaaaaaaaaaaaaaaaaa', 'web'],
    ['a full id in upper case', '01KAAAAAAAAAAAAAAAAAAAAAAA', 'web'],
    ['a name', 'web', 'web'],
    ['a name as inspect prints it', '/web', 'web'],
    ['a name before the id that begins so', '01kaa', '01kaa'],
    ['the beginning of one id', '01kaaa', 'web'],
    ['the beginning of one id in upper case', '01KAB', '01kaa'],
    ['nothing by the end of an id', 'bbbb', undefined],
    ['nothing by the beginning of a name', 'we', undefined],
    ['nothing by a name in the wrong case', 'WEB', undefined],
    ['nothing by no text', '', undefined],
    ['nothing by a wildcard', '%', undefined],
    ['nothing by a glob', '*', undefined],
    ['nothing by a slash', '/', undefined],
    ['nothing by two slashes', '//web', undefined],
    ['nothing by SQL in the name', "' OR 1=1 --", undefined],
  ])('finds %s', (_what, text, name) => {
    expect(finder().find(text)?.name).toBe(name);
  });

  test('the beginning of several ids is ambiguous', () => {
    expect(() => finder().find('01ka')).toThrow(
      expect.objectContaining({
        code: 'box-ambiguous',
        message: 'multiple boxes match "01ka"',
      }),
    );
  });
});

describe('list', () => {
  test('the newest box comes first', () => {
    const { database } = insertThree();
    expect(database.boxes.list().map((box) => box.name)).toEqual(['box-3', 'box-2', 'box-1']);
  });

  test('statuses choose', () => {
    const { database } = insertThree();
    database.boxes.transition(newBox(2).id, ['configured'], 'running');
    expect(database.boxes.list({ statuses: ['running', 'stopping'] })).toHaveLength(1);
    expect(database.boxes.list({ statuses: [] })).toEqual([]);
  });

  test('the users of an image are found by its manifest', () => {
    const { boxes } = temporaryDatabase();
    boxes.insert(newBox(1, { manifestDigest: 'sha256:aa' }));
    boxes.insert(newBox(2, { manifestDigest: 'sha256:bb' }));
    boxes.insert(newBox(3, { manifestDigest: 'sha256:aa' }));
    expect(boxes.usesImage('sha256:aa').map((box) => box.id)).toEqual([newBox(3).id, newBox(1).id]);
  });
});

describe('transition', () => {
  test('status and patch change together', () => {
    const { boxes } = temporaryDatabase();
    const before = boxes.insert(newBox(1));
    const patch = {
      pid: 42,
      shimPid: 41,
      startedAt: 5,
      startCount: 1,
      oomKilled: true,
      timings: { vmmMs: 35 },
      accelerator: 'tcg',
    };
    expect(boxes.transition(before.id, ['configured', 'stopped'], 'running', patch)).toBe(true);
    expect(boxes.get(before.id)).toEqual({
      ...before,
      ...patch,
      status: 'running',
      updatedAt: 1_001,
    });
  });

  test('null clears a field, a missing one stays', () => {
    const { boxes } = temporaryDatabase();
    const { id } = boxes.insert(newBox(1));
    boxes.update(id, { pid: 42, shimPid: 41, timings: { a: 1 } });
    boxes.transition(id, ['configured'], 'stopped', { pid: null, timings: null });
    expect(boxes.get(id)).toMatchObject({ pid: null, shimPid: 41, timings: null });
  });

  test('from another status nothing changes', () => {
    const { boxes } = temporaryDatabase();
    const before = boxes.insert(newBox(1));
    expect(boxes.transition(before.id, ['running', 'stopping'], 'stopped', { exitCode: 1 })).toBe(
      false,
    );
    expect(boxes.get(before.id)).toEqual(before);
  });

  test('of two callers one starts the box', () => {
    const { boxes } = temporaryDatabase();
    const { id } = boxes.insert(newBox(1));
    const start = () => boxes.transition(id, ['configured', 'stopped'], 'running');
    expect([start(), start()]).toEqual([true, false]);
  });

  test('a box that is not there does not change', () => {
    const { boxes } = temporaryDatabase();
    expect(boxes.transition(newBox(1).id, ['configured'], 'running')).toBe(false);
    expect(boxes.update(newBox(1).id, { pid: 1 })).toBe(false);
    expect(boxes.rename(newBox(1).id, 'x')).toBe(false);
    expect(boxes.remove(newBox(1).id, ['configured'])).toBe(false);
  });
});

describe('rename', () => {
  test('the box is found by its new name alone', () => {
    const { database } = insertThree();
    expect(database.boxes.rename(newBox(1).id, 'first')).toBe(true);
    expect(database.boxes.find('first')?.id).toBe(newBox(1).id);
    expect(database.boxes.find('box-1')).toBeUndefined();
  });

  test('a taken name is refused, its own too', () => {
    const { database } = insertThree();
    for (const name of ['box-2', 'box-1'])
      expect(() => database.boxes.rename(newBox(1).id, name)).toThrow(
        expect.objectContaining({ code: 'name-taken' }),
      );
  });
});

describe('remove', () => {
  test('a running box stays', () => {
    const { boxes } = temporaryDatabase();
    const { id } = boxes.insert(newBox(1));
    boxes.transition(id, ['configured'], 'running');
    expect(boxes.remove(id, ['configured', 'stopped', 'unknown'])).toBe(false);
    expect(boxes.remove(id, ['running'])).toBe(true);
    expect(boxes.get(id)).toBeUndefined();
  });

  test('its name is free again', () => {
    const { boxes } = temporaryDatabase();
    boxes.remove(boxes.insert(newBox(1, { name: 'web' })).id, ['configured']);
    expect(boxes.insert(newBox(2, { name: 'web' })).name).toBe('web');
  });
});

test('a row damaged from outside is refused, not believed', () => {
  const { database } = insertThree();
  database.run("UPDATE boxes SET options = '{'");
  expect(() => database.boxes.list()).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
});
