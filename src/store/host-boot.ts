import type { Database } from './database.js';
import { text } from './row.js';

/**
 * The host boot in which the home was last used; when several processes see a change, only one acts
 * on it.
 */
export class HostBoot {
  constructor(private readonly database: Database) {}

  /**
   * Runs `onReboot` in a transaction if the host has rebooted since the home was last used: in one
   * process only.
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
