import type { Database } from './database.js';
import { volumeEvent } from './events.js';
import { flag, integer, json, nullable, type Row, text } from './row.js';

/** `shared`: a directory of the host, for any number of boxes at once; `disk`: a file system for one. */
export type VolumeKind = 'shared' | 'disk';

export interface VolumeRecord {
  /** Also the name of its directory. */
  name: string;
  kind: VolumeKind;
  /** Made for a box that named none. */
  anonymous: boolean;
  labels: Record<string, string>;
  /** As they were given. */
  options: Record<string, string>;
  /** Of a disk; null for a directory. */
  sizeBytes: number | null;
  /** In ms since the epoch. */
  createdAt: number;
}

export type NewVolume = Omit<VolumeRecord, 'createdAt'>;

/** The volumes of one home. */
export class VolumeTable {
  constructor(private readonly database: Database) {}

  /** Within a transaction that has found the name free. */
  insert(volume: NewVolume): VolumeRecord {
    const createdAt = this.database.now();
    this.forgetRemoved(volume.name);
    this.database.run(
      `INSERT INTO volumes (name, kind, anonymous, labels, options, size_bytes, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      volume.name,
      volume.kind,
      volume.anonymous ? 1 : 0,
      JSON.stringify(volume.labels),
      JSON.stringify(volume.options),
      volume.sizeBytes,
      createdAt,
    );
    this.database.events.add(volumeEvent(volume.name, 'create', {}, createdAt));
    return { ...volume, createdAt };
  }

  get(name: string): VolumeRecord | undefined {
    const row = this.database.get('SELECT * FROM volumes WHERE name = ?', name);
    return row && parseVolume(row);
  }

  /** By name. */
  list(): VolumeRecord[] {
    return this.database.all('SELECT * FROM volumes ORDER BY name').map(parseVolume);
  }

  /** Only if no box has it; `removed` names it from then on. @returns whether it did */
  removeUnused(name: string): boolean {
    return this.database.write(() => {
      if (this.database.volumeUses.ofVolume(name).length > 0) return false;
      if (this.database.run('DELETE FROM volumes WHERE name = ?', name) === 0) return false;
      this.markRemoved(name);
      this.database.events.add(volumeEvent(name, 'destroy'));
      return true;
    });
  }

  /**
   * In a name without a volume nothing is kept: what is there goes with the next sweep, until `insert`.
   * So what is made before its record is nobody's when its maker is killed.
   */
  markRemoved(name: string): void {
    this.database.run('INSERT OR IGNORE INTO removed_volumes (name) VALUES (?)', name);
  }

  /** Names of removed volumes whose files are still in their place. */
  removed(): string[] {
    return this.database.all('SELECT name FROM removed_volumes').map((row) => text(row, 'name'));
  }

  isRemoved(name: string): boolean {
    return this.database.get('SELECT 1 FROM removed_volumes WHERE name = ?', name) !== undefined;
  }

  /** Its files are no longer in their place. */
  forgetRemoved(name: string): void {
    if (this.isRemoved(name)) this.database.run('DELETE FROM removed_volumes WHERE name = ?', name);
  }
}

function parseVolume(row: Row): VolumeRecord {
  return {
    name: text(row, 'name'),
    kind: text(row, 'kind') as VolumeKind,
    anonymous: flag(row, 'anonymous'),
    labels: json(row, 'labels') as Record<string, string>,
    options: json(row, 'options') as Record<string, string>,
    sizeBytes: nullable(integer, row, 'size_bytes'),
    createdAt: integer(row, 'created_at'),
  };
}
