import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VolumeStore } from '../../../../../src/engine/machine/volumes-start.js';
import type { VolumeMount } from '../../../../../src/engine/spec/volumes/box-volume.js';
import type { Home } from '../../../../../src/host/home.js';
import { Database } from '../../../../../src/store/database.js';
import { temporaryDatabase, temporaryHome } from '../../../store/store-fixture.js';

export const DISK_SIZE = 64 * 2 ** 20;

/** A home with these volumes, and a blank disk of their size that needs no mke2fs. */
export function volumeStore(volumes: Record<string, 'shared' | 'disk'>): VolumeStore & {
  home: Home;
  opened: Database;
} {
  const home = temporaryHome();
  const opened = temporaryDatabase(home);
  const blank = join(home.blanks(), String(DISK_SIZE));
  mkdirSync(blank, { recursive: true });
  writeFileSync(join(blank, 'disk.ext4'), 'blank');
  writeFileSync(
    join(blank, 'disk.ext4.map'),
    JSON.stringify({ bytes: 5, extents: [{ offset: 0, length: 5 }] }),
  );
  for (const [name, kind] of Object.entries(volumes)) {
    const isDisk = kind === 'disk';
    mkdirSync(isDisk ? home.volume(name) : home.volumeData(name), { recursive: true });
    const sizeBytes = isDisk ? DISK_SIZE : null;
    opened.volumes.insert({ name, kind, anonymous: false, labels: {}, options: {}, sizeBytes });
  }
  return { home, database: () => opened, opened };
}

export const mountOf = (
  name: string,
  target: string,
  fields: Partial<VolumeMount> = {},
): VolumeMount => ({ type: 'volume', name, target, readOnly: false, noCopy: false, ...fields });
