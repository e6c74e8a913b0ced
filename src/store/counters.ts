import type { Database } from './database.js';
import { integer } from './row.js';

/** Counted since the home was created; migration 004 has the triggers that count. */
const NAMES = [
  'boxes_created',
  'boxes_failed',
  'boxes_stopped',
  'commands_executed',
  'exec_errors',
] as const;
export type CounterName = (typeof NAMES)[number];

/** Totals of one home, beyond the lifetime of any process or box. */
export class CounterTable {
  constructor(private readonly database: Database) {}

  /** Counts a failed start. */
  boxFailed(): void {
    this.database.run("UPDATE counters SET value = value + 1 WHERE name = 'boxes_failed'");
  }

  /** Counts a command started in a box beside its own, or one that failed to start. */
  executed(id: string, started: boolean): void {
    const column = started ? 'commands_executed' : 'exec_errors';
    this.database.run(`UPDATE boxes SET ${column} = ${column} + 1 WHERE id = ?`, id);
  }

  all(): Record<CounterName, number> {
    const rows = this.database.all('SELECT name, value FROM counters');
    const found = new Map(rows.map((row) => [row.name, integer(row, 'value')]));
    return Object.fromEntries(NAMES.map((name) => [name, found.get(name) ?? 0])) as Record<
      CounterName,
      number
    >;
  }
}
