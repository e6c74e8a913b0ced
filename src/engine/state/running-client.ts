import { ShimClient } from '../../agent/client.js';
import { SHIM_PHASES } from '../../agent/protocol.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { endsWithin } from '../machine/within.js';
import { boxName } from '../spec/names/box-name.js';
import type { EngineContext } from './context.js';
import { stays } from './shim-end.js';
import { isPaused, notRunning } from './state-error.js';

/** Milliseconds for the guest to write back and power off after KILL. */
export const POWER_OFF_MS = 10_000;

export async function boundedEnd(client: ShimClient, id: string): Promise<void> {
  if (await endsWithin(client.closed, POWER_OFF_MS + 5_000)) return;
  client.close();
  throw stays(id, client.shimPid);
}

/** Waits for a shim that is exiting, as after a command's end. */
export async function waitForEnd(context: EngineContext, id: string): Promise<void> {
  const client = await ShimClient.connect(context.home.box(id));
  if (client !== null) await boundedEnd(client, id);
}

/**
 * A connection to a running box; a paused one only if `paused` allows it, because its agent can't answer.
 * @throws box-not-running, box-state
 */
export async function runningClient(
  context: EngineContext,
  record: BoxRecord & { restarting?: boolean },
  { doing = 'using it', paused }: { doing?: string; paused?: 'allowed' } = {},
): Promise<ShimClient> {
  const client = isActive(record.status)
    ? await ShimClient.connect(context.home.box(record.id), { name: boxName(record) })
    : null;
  if (client === null) throw notRunning(record);
  if (paused === 'allowed' || client.phase !== SHIM_PHASES.PAUSED) return client;
  client.close();
  throw isPaused(record, doing);
}
