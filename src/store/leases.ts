import { randomUUID } from 'node:crypto';
import { isAlive, ownIdentity } from '../host/process-identity.js';
import type { Database } from './database.js';
import { integer, text } from './row.js';

/**
 * Keeps parts of images that no image in the database needs yet: a pull finds a layer in the store, and
 * until its image is recorded only its lease tells that the layer is wanted. A lease ends with its owner.
 */
export class LeaseTable {
  constructor(private readonly database: Database) {}

  open(): Lease {
    return new Lease(this.database, randomUUID());
  }

  /**
   * What the leases of living processes keep; those of dead ones are forgotten. To be called in the
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

  /** To be called before it is looked whether they are in the store. */
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

  [Symbol.dispose](): void {
    this.release();
  }
}
