/**
 * One of several processes that use a home at once. It opens nothing before it reads `go` on stdin, then runs
 * the operation in its arguments and prints one JSON line.
 *
 * store-process HOME open|insert NAME|transition ID|count N|hold
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { acquireLock } from '../../src/store/locks.js';

const [root = '', action = '', argument = ''] = process.argv.slice(2);

const input = createInterface({ input: process.stdin });
console.log('ready');
await once(input, 'line');

const database = Database.open(new Home(root));
try {
  console.log(JSON.stringify(await act()));
} catch (error) {
  if (!(error instanceof BoxliteError)) throw error;
  console.log(JSON.stringify(error.code));
}
// Without close: as after most commands, the end of the process must suffice.
input.close();

async function act(): Promise<unknown> {
  switch (action) {
    case 'open':
      return database.boxes.list().length;
    case 'insert': {
      const id = `01k${String(process.pid).padStart(23, '0')}`;
      const containerId = id.padEnd(64, '0');
      const box = { id, name: argument || null, image: 'busybox', options: {}, containerId };
      return database.boxes.insert(box).lockId;
    }
    case 'transition':
      return database.boxes.transition(argument, ['configured'], 'running', { pid: process.pid });
    case 'count':
      return count(Number(argument));
    case 'hold':
      await acquireLock(database, 'box:held', { timeoutMs: 0, purpose: 'start' });
      console.log('"held"');
      return once(input, 'line');
    default:
      throw new Error(`unknown action ${action}`);
  }
}

/** Adds 1 to a number in a file, so that any overlap with another process loses a count. */
async function count(times: number): Promise<number> {
  const file = join(root, 'counter');
  for (let i = 0; i < times; i++) {
    await using lock = await acquireLock(database, 'counter', {
      timeoutMs: 60_000,
      purpose: 'count',
    });
    const value = Number(readFileSync(file, 'utf8'));
    await new Promise(setImmediate);
    writeFileSync(file, String(value + 1));
    lock.release();
  }
  return times;
}
