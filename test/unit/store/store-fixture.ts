import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Home } from '../../../src/host/home.js';
import type { NewBox } from '../../../src/store/box-record.js';
import { Database } from '../../../src/store/database.js';

/** A home of its own, gone with the test. */
export function temporaryHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-store-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return new Home(join(root, 'home'));
}

/** A database whose clock moves by one millisecond each time it is read. */
export function temporaryDatabase(home = temporaryHome()): Database {
  let now = 1_000;
  const database = Database.open(home, () => now++);
  onTestFinished(() => database.close());
  return database;
}

/** A box that differs from others by its number alone. */
export function newBox(number: number, fields: Partial<NewBox> = {}): NewBox {
  return {
    id: `01k${String(number).padStart(23, '0')}`,
    image: 'busybox',
    options: { cpus: 1 },
    containerId: String(number).padStart(64, '0'),
    ...fields,
  };
}
