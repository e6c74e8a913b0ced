import type { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { removeIfEnded } from '../lifecycle/remove.js';
import { tellKill } from '../lifecycle/stop.js';
import { crashPoint } from '../machine/crash-point.js';
import { vmmFailure } from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { settle } from '../state/observe.js';
import { hasLastingFiles } from '../volumes/lasting-files.js';
import { Execution } from './execution.js';

/** A box's own command, to which this process is attached. Its end is recorded before `wait` resolves. */
export function mainExecution(
  context: EngineContext,
  id: string,
  client: ShimClient,
  main: ExecSession,
): Execution {
  const record = currentRecord(context, id);
  return new Execution(main, {
    detach: () => client.close(),
    onSignal: (signal) => tellKill(context, record, signal),
    onLost: () => vmmFailure(context.home.box(id), boxName(record)),
    onExit: async () => {
      crashPoint('end:told');
      // If the runtime was closed meanwhile, the shim's hook or the next reader of the box's state does this.
      if (context.lifetime.isOpen) {
        if (record.autoRemove) await removeAfterExit(context, id, client);
        else await settle(context.home, context.database(), currentRecord(context, id));
      }
      client.close();
    },
  });
}

/** Nobody needs the data on the box's disk any more, so its VM need not write them back. */
async function removeAfterExit(
  context: EngineContext,
  id: string,
  client: ShimClient,
): Promise<void> {
  if (!hasLastingFiles(context, currentRecord(context, id), true)) client.killVmm();
  crashPoint('end:vmm-killed');
  await removeIfEnded(context, id);
  crashPoint('end:removed');
  client.exitHandled();
}
