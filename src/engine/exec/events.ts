import { randomBytes } from 'node:crypto';
import type { ExecSession } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { boxEvent } from '../../store/events.js';
import type { EngineContext } from '../state/context.js';

/**
 * Counts a command that runs beside the box's own, and records events for its start and, while this process
 * lives, its end.
 */
export function tellExec(
  context: EngineContext,
  record: BoxRecord,
  argv: readonly string[],
  session: ExecSession,
): void {
  const execID = randomBytes(32).toString('hex');
  const command = argv.join(' ');
  note(context, ({ counters, events }) => {
    counters.executed(record.id, true);
    events.add(boxEvent(record, `exec_create: ${command}`, { execID }));
    events.add(boxEvent(record, `exec_start: ${command}`, { execID }));
  });
  session.exited.then(
    ({ code }) =>
      note(context, ({ events }) =>
        events.add(boxEvent(record, 'exec_die', { execID, exitCode: String(code) })),
      ),
    () => undefined,
  );
}

/** Counts a command that failed to start. */
export function countFailed(context: EngineContext, id: string): void {
  note(context, ({ counters }) => counters.executed(id, false));
}

/** Ignores errors: a full disk or a busy database must not change the command's outcome. */
function note(context: EngineContext, write: (database: Database) => void): void {
  try {
    const database = context.database();
    database.write(() => write(database));
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
  }
}
