import type { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { removeIfEnded } from '../lifecycle/remove.js';
import { tellKill } from '../lifecycle/stop.js';
import { crashPoint } from '../machine/crash-point.js';
import { vmmFailure } from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { settle } from '../state/observe.js';
import { Execution } from './execution.js';

/** A box's own command, to which this process is attached: it folds the end in before it is told. */
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
      // A runtime that was closed meanwhile leaves that to the shim's hook, or to the next who looks.
      if (context.lifetime.isOpen) {
        if (record.autoRemove) await removeAfterExit(context, id, client);
        else await settle(context.home, context.database(), currentRecord(context, id));
      }
      client.close();
    },
  });
}

/** What the box wrote is not wanted any more, so its VM need not write it back. */
async function removeAfterExit(
  context: EngineContext,
  id: string,
  client: ShimClient,
): Promise<void> {
  client.killVmm();
  crashPoint('end:vmm-killed');
  await removeIfEnded(context, id);
  crashPoint('end:removed');
  client.exitHandled();
}
