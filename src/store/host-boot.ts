import type { Database } from './database.js';
import { text } from './row.js';

/** Which boot of the host the home was used in last; several processes at once see a change once. */
export class HostBoot {
  constructor(private readonly database: Database) {}

  /**
   * Runs `onReboot` in a transaction when the host has been restarted since the home was used last: for
   * one process only.
   */
  note(bootId: string, onReboot: () => void): void {
    if (this.seen() === bootId) return;
    this.database.write(() => {
      const seen = this.seen();
      if (seen === bootId) return;
      this.database.run('INSERT OR REPLACE INTO host (id, boot_id) VALUES (1, ?)', bootId);
      if (seen !== undefined) onReboot();
    });
  }

  private seen(): string | undefined {
    const row = this.database.get('SELECT boot_id FROM host');
    return row && text(row, 'boot_id');
  }
}
