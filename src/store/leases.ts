import { randomUUID } from 'node:crypto';
import { BoxliteError } from '../errors.js';
import { isAlive, ownIdentity } from '../host/process-identity.js';
import type { Database } from './database.js';
import { integer, text } from './row.js';

/**
 * Protects image parts that no image in the database needs yet: after a pull finds a layer in the
 * store and until it records its image, only a lease marks the layer as needed. A lease ends with
 * its owner.
 */
export class LeaseTable {
  constructor(private readonly database: Database) {}

  open(): Lease {
    return new Lease(this.database, randomUUID());
  }

  /**
   * What the leases of live processes protect; deletes those of dead ones. Call it in the
   * transaction that deletes the rest.
   */
  kept(): Set<string> {
    const kept = new Set<string>();
    for (const row of this.database.all('SELECT * FROM image_leases')) {
      const owner = {
        pid: integer(row, 'pid'),
        startTicks: integer(row, 'start_ticks'),
        bootId: text(row, 'boot_id'),
      };
      if (isAlive(owner)) kept.add(text(row, 'digest'));
      else this.database.run('DELETE FROM image_leases WHERE lease = ?', text(row, 'lease'));
    }
    return kept;
  }
}

export class Lease implements Disposable {
  constructor(
    private readonly database: Database,
    private readonly id: string,
  ) {}

  /** Call it before checking whether the digests are in the store. */
  keep(digests: readonly string[]): void {
    const { pid, startTicks, bootId } = ownIdentity();
    this.database.write(() => {
      for (const digest of digests)
        this.database.run(
          `INSERT INTO image_leases (lease, digest, pid, start_ticks, boot_id)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          this.id,
          digest,
          pid,
          startTicks,
          bootId,
        );
    });
  }

  release(): void {
    this.database.run('DELETE FROM image_leases WHERE lease = ?', this.id);
  }

  /**
   * On a full disk or in a read-only home the release can't be recorded. That must not hide why the
   * work failed: the lease then ends with this process.
   */
  [Symbol.dispose](): void {
    try {
      this.release();
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
    }
  }
}
