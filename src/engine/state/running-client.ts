import { ShimClient } from '../../agent/client.js';
import { SHIM_PHASES } from '../../agent/protocol.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { endsWithin } from '../machine/within.js';
import { boxName } from '../spec/names/box-name.js';
import type { EngineContext } from './context.js';
import { stays } from './shim-end.js';
import { isPaused, notRunning } from './state-error.js';

/** After KILL the guest only has to write back and power off. */
export const POWER_OFF_MS = 10_000;

export async function boundedEnd(client: ShimClient, id: string): Promise<void> {
  if (await endsWithin(client.closed, POWER_OFF_MS + 5_000)) return;
  client.close();
  throw stays(id, client.shimPid);
}

/** Waits for a shim that is on its way out, as after a command's end. */
export async function waitForEnd(context: EngineContext, id: string): Promise<void> {
  const client = await ShimClient.connect(context.home.box(id));
  if (client !== null) await boundedEnd(client, id);
}

/**
 * A connection to the box, for something that needs its agent unless a paused one will do.
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
