import { onAbort } from '../../abort.js';
import type { ExecValues } from '../../agent/client.js';
import type { ExecExit, ExecSession } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import { endsWithin } from '../machine/within.js';
import { AGENT_ANSWER_MS, noAnswer } from '../machine/within.js';
import type { EngineContext } from '../state/context.js';
import { MOST_SAID_BYTES } from './archive-report.js';
import type { AgentOfBox } from './box-machine.js';

/** The longest silence allowed to a guest that waits for nothing: a slow disk may take minutes for a sync. */
const STALL_MS = 300_000;

/** The interval of checks; a guest stalls when STALL_MS worth of checks in a row see no progress. */
const LOOK_MS = 10_000;

/** How long after its processes the end of a box may be reported. */
const ENDING_MS = 2_000;

/** The box whose files are read or written, and its name in messages. */
export interface ArchivedBox {
  context: EngineContext;
  id: string;
  name: string;
  /** It is a volume of type disk, of which `name` is the name; then there is no id. */
  kind?: 'volume';
}

/** `box web`, `volume data`. */
export const subjectOf = ({ kind, name }: Pick<ArchivedBox, 'kind' | 'name'>): string =>
  `${kind ?? 'box'} ${name}`;

/** Makes the agent read or write a tree; `archiveExit` waits for its end. */
export function startArchiveSession(
  { client }: Pick<AgentOfBox, 'client'>,
  values: ExecValues,
): ExecSession {
  const session = client.exec(values);
  session.started.catch(() => undefined); // `exited` reports it too
  session.exited.catch(() => undefined);
  return session;
}

/**
 * Waits for the end of such a session, but not for ever: a guest that stays silent when the next step is its
 * own is abandoned, and so is one that never ends its report. Silence does not count while the box is paused,
 * or while the reader or writer on the host is slow.
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
    watch = watchOver(box, agent.boxId ?? box.id, session, giveUp);
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
  id: string,
  session: ExecSession,
  giveUp: (reason: BoxliteError) => void,
): NodeJS.Timeout {
  const { context } = box;
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

/** The guest writes more than any report needs, as only a hostile one does. */
function saysTooMuch(box: ArchivedBox): BoxliteError {
  return new BoxliteError(
    'protocol',
    `${subjectOf(box)} reports more of a copy than a copy can have`,
  );
}

function stalled(box: ArchivedBox): BoxliteError {
  const text = `${subjectOf(box)} makes no progress: nothing has been copied for ${STALL_MS / 60_000} minutes`;
  if (box.kind === 'volume') return new BoxliteError('timeout', text);
  return new BoxliteError('timeout', text, {
    hint: 'its console may say why; restart it',
    remedy: { action: 'restart', box: box.name },
  });
}

/** The end of a box kills the processes in it. */
async function killedArchive(
  box: ArchivedBox,
  { client }: AgentOfBox,
  { signal, oom }: ExecExit,
): Promise<BoxliteError> {
  if (!oom && (await endsWithin(client.closed, ENDING_MS)))
    return new BoxliteError('box-not-running', `${ownerOf(box)} has ended`);
  const why = oom ? 'for want of memory' : `by signal ${signal}`;
  return new BoxliteError('exec-failed', `the copy was killed in ${ownerOf(box)} ${why}`);
}

const ownerOf = (box: ArchivedBox): string =>
  box.kind === 'volume' ? `the machine that has ${subjectOf(box)}` : subjectOf(box);
