import { isActive } from '../../store/status.js';
import type { EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';

/** Totals of a home since it was created; they outlast processes and boxes. */
export interface RuntimeMetrics {
  boxesCreatedTotal: number;
  /** Starts that failed. */
  boxesFailedTotal: number;
  /** Runs that have ended, as far as recorded. */
  boxesStoppedTotal: number;
  numRunningBoxes: number;
  /** Commands started in boxes beside their own. */
  commandsExecutedTotal: number;
  /** Commands that failed to start. */
  execErrorsTotal: number;
}

export async function runtimeMetrics(context: EngineContext): Promise<RuntimeMetrics> {
  const database = context.database();
  const records = await Promise.all(
    database.boxes.list().map((record) => observed(context.home, record)),
  );
  const counted = database.counters.all();
  return {
    boxesCreatedTotal: counted.boxes_created,
    boxesFailedTotal: counted.boxes_failed,
    boxesStoppedTotal: counted.boxes_stopped,
    numRunningBoxes: records.filter(({ status }) => isActive(status)).length,
    commandsExecutedTotal: counted.commands_executed,
    execErrorsTotal: counted.exec_errors,
  };
}
