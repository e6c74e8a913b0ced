import { throwIfAborted, unlessAborted } from '../../abort.js';
import type { ShimClient } from '../../agent/client.js';
import type { ExecSession } from '../../agent/exec-session.js';
import { crashPoint } from '../machine/crash-point.js';
import { commandValues, ofItsBox } from '../machine/guest-messages.js';
import { answered } from '../machine/within.js';
import type { BoxCommand } from '../spec/box-command.js';
import { type BoxSpec, checkWorkingDir, mergeEnv } from '../spec/box-spec.js';
import type { ExecOptions } from '../spec/options.js';
import { withPrivileged } from '../spec/privileges.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { countFailed, tellExec } from './events.js';

/** A command that runs in a box beside the box's own. */
export interface StartedCommand {
  client: ShimClient;
  session: ExecSession;
}

/**
 * Starts a command in a running box; resolves when it runs.
 * @param detached without streams; the command outlives this process
 * @param signal ends the start; a command that runs already is hung up
 * @throws exec-not-found, exec-not-invocable, exec-failed, box-not-running, box-state, timeout, cancelled
 */
export async function startCommand(
  context: EngineContext,
  id: string,
  command: BoxCommand,
  { detached = false, signal }: { detached?: boolean } & ExecOptions = {},
): Promise<StartedCommand> {
  const what = `${command.argv[0] ?? ''} in box ${id}`;
  throwIfAborted(signal, what);
  const record = await observed(context.home, currentRecord(context, id));
  const client = await runningClient(context, record, { doing: 'exec' });
  crashPoint('exec:connected');
  try {
    const session = client.exec(valuesOf(command, specOf(record.options), detached), { detached });
    session.exited.catch(() => undefined); // the execution reports it, if there is one
    await unlessAborted(answered(session.started, record), signal, what);
    crashPoint('exec:started');
    tellExec(context, record, command.argv, session);
    return { client, session };
  } catch (error) {
    client.close();
    if (signal?.aborted !== true) countFailed(context, id);
    throw error;
  }
}

function valuesOf(
  command: BoxCommand,
  spec: BoxSpec,
  detached: boolean,
): ReturnType<typeof commandValues> {
  const { terminal } = command;
  return commandValues({
    argv: command.argv,
    env: mergeEnv(spec.env, terminal ? ['TERM=xterm'] : [], command.variables),
    workingDir: checkWorkingDir(command.directory) ?? spec.workingDir,
    user: command.runAs ?? spec.user,
    tty: terminal,
    stdin: command.stdinOpen && !detached,
    timeoutMs: command.timeoutMs,
    ...ofItsBox(spec),
    privileges: withPrivileged(spec.privileges, command.isPrivileged),
  });
}
