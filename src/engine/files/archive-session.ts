import { onAbort } from '../../abort.js';
import type { ExecValues } from '../../agent/client.js';
import type { ExecExit, ExecSession } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import { endsWithin } from '../machine/within.js';
import { AGENT_ANSWER_MS, noAnswer } from '../machine/within.js';
import type { EngineContext } from '../state/context.js';
import { MOST_SAID_BYTES } from './archive-report.js';
import type { AgentOfBox } from './box-machine.js';

/** The longest silence of a guest that has all it needs: a slow disk may take minutes for a sync. */
const STALL_MS = 300_000;

/** How often it is looked at; what was not seen to move for so many looks stands still. */
const LOOK_MS = 10_000;

/** How long the end of a box may come behind that of its processes. */
const ENDING_MS = 2_000;

/** The box whose files are read or written, and its name in messages. */
export interface ArchivedBox {
  context: EngineContext;
  id: string;
  name: string;
}

/** Has the agent read or write a tree; `archiveExit` waits for its end. */
export function startArchiveSession({ client }: AgentOfBox, values: ExecValues): ExecSession {
  const session = client.exec(values);
  session.started.catch(() => undefined); // `exited` reports it too
  session.exited.catch(() => undefined);
  return session;
}

/**
 * Waits for the end of such a session, but not for ever: a guest that owes something and stays silent is
 * given up, and so is one that never comes to the end of its report. While the box is paused, its silence does not count, nor does that of a reader or writer here.
 * @throws timeout, box-not-running, exec-failed, protocol; `cancelled` when the session was closed
 */
export async function archiveExit(
  box: ArchivedBox,
  agent: AgentOfBox,
  session: ExecSession,
  signal?: AbortSignal,
): Promise<ExecExit> {
  using _abort = onAbort(signal, () => session.close());
  let tooLate: BoxliteError | undefined;
  const giveUp = (reason: BoxliteError): void => {
    tooLate = reason;
    session.close();
  };
  const late = setTimeout(() => giveUp(noAnswer(box.name)), AGENT_ANSWER_MS);
  let watch: NodeJS.Timeout | undefined;
  try {
    await session.started;
    clearTimeout(late);
    watch = watchOver(box, session, giveUp);
    const exit = await session.exited;
    if (exit.signal !== 0) throw await killedArchive(box, agent, exit);
    return exit;
  } catch (error) {
    throw tooLate ?? error;
  } finally {
    clearTimeout(late);
    clearInterval(watch);
  }
}

function watchOver(
  box: ArchivedBox,
  session: ExecSession,
  giveUp: (reason: BoxliteError) => void,
): NodeJS.Timeout {
  const { context, id } = box;
  let seen = session.received;
  let silentMs = 0;
  return setInterval(() => {
    const stands = session.received === seen && session.awaitsGuest;
    seen = session.received;
    if (!stands) silentMs = 0;
    else if (context.database().boxes.get(id)?.paused !== true) silentMs += LOOK_MS;
    if (silentMs >= STALL_MS) giveUp(stalled(box));
    else if (session.receivedOnStderr > MOST_SAID_BYTES) giveUp(saysTooMuch(box));
  }, LOOK_MS);
}

/** Its stderr is read, and discarded, as it comes: only what a hostile guest says has no end. */
function saysTooMuch({ name }: ArchivedBox): BoxliteError {
  return new BoxliteError('protocol', `box ${name} says more of a copy than there is to say`);
}

function stalled({ name }: ArchivedBox): BoxliteError {
  return new BoxliteError(
    'timeout',
    `box ${name} stands still: for ${STALL_MS / 60_000} minutes nothing has moved`,
    {
      hint: 'its console may say why; restart it',
      remedy: { action: 'restart', box: name },
    },
  );
}

/** A box that ends ends the processes in it. */
async function killedArchive(
  { name }: ArchivedBox,
  { client }: AgentOfBox,
  { signal, oom }: ExecExit,
): Promise<BoxliteError> {
  if (!oom && (await endsWithin(client.closed, ENDING_MS)))
    return new BoxliteError('box-not-running', `box ${name} has ended`);
  const why = oom ? 'for want of memory' : `by signal ${signal}`;
  return new BoxliteError('exec-failed', `the copy was killed in box ${name} ${why}`);
}
