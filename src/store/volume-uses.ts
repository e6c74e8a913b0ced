import type { Database } from './database.js';
import { volumeEvent } from './events.js';
import { flag, type Row, text } from './row.js';

/** A volume that a box has, from the box's creation to its removal. */
export interface VolumeUse {
  boxId: string;
  volume: string;
  /** Where it is in the box. */
  target: string;
  readOnly: boolean;
  /** The caller named the volume; it outlives the box even if it is anonymous. */
  byName: boolean;
}

/** Which box has which volumes. */
export class VolumeUseTable {
  constructor(private readonly database: Database) {}

  /** In the transaction that records the box. */
  insert({ boxId, volume, target, readOnly, byName }: VolumeUse): void {
    this.database.run(
      'INSERT INTO volume_uses (box_id, target, volume, read_only, by_name) VALUES (?, ?, ?, ?, ?)',
      boxId,
      target,
      volume,
      readOnly ? 1 : 0,
      byName ? 1 : 0,
    );
  }

  /** By target. */
  ofBox(boxId: string): VolumeUse[] {
    return this.database
      .all('SELECT * FROM volume_uses WHERE box_id = ? ORDER BY target', boxId)
      .map(parseUse);
  }

  /** By box. */
  ofVolume(volume: string): VolumeUse[] {
    return this.database
      .all('SELECT * FROM volume_uses WHERE volume = ? ORDER BY box_id, target', volume)
      .map(parseUse);
  }

  /** The anonymous volumes that go with the box if no other box has them. */
  anonymousOf(boxId: string): string[] {
    const rows = this.database.all(
      `SELECT DISTINCT name FROM volume_uses JOIN volumes ON name = volume
       WHERE box_id = ? AND anonymous = 1 AND by_name = 0`,
      boxId,
    );
    return rows.map((row) => text(row, 'name'));
  }

  /** Reports, in the transaction that records a box's start or end, that its volumes are mounted or not. */
  addEvents(boxId: string, action: 'mount' | 'unmount', time: number): void {
    for (const { volume, target, readOnly } of this.ofBox(boxId)) {
      const mounted = { destination: target, 'read/write': String(!readOnly), propagation: '' };
      const attributes = { container: boxId, ...(action === 'mount' && mounted) };
      this.database.events.add(volumeEvent(volume, action, attributes, time));
    }
  }
}

function parseUse(row: Row): VolumeUse {
  return {
    boxId: text(row, 'box_id'),
    volume: text(row, 'volume'),
    target: text(row, 'target'),
    readOnly: flag(row, 'read_only'),
    byName: flag(row, 'by_name'),
  };
}
