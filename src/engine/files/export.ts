import { throwIfAborted } from '../../abort.js';
import type { ExecValues } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import { crashPoint } from '../machine/crash-point.js';
import { archiveValues } from '../machine/guest-messages.js';
import { boxName } from '../spec/names/box-name.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { printable, SaidText } from './archive-report.js';
import { type ArchivedBox, archiveExit, startArchiveSession } from './archive-session.js';
import { type AgentOfBox, agentOfBox } from './box-machine.js';

/**
 * A box's file system as a tar (pax), without mounted file systems. The agent of a running box writes it; for
 * a stopped one, a helper machine that has its disks and runs nothing of the box.
 * @param values the request to the agent; default: the whole file system
 * @param signal aborts the export
 * @throws box-not-found, cancelled, and what a start may throw
 */
export async function* exportBox(
  context: EngineContext,
  id: string,
  values: ExecValues = archiveValues(),
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const name = boxName(currentRecord(context, id));
  const what = `the export of box ${name}`;
  try {
    const purpose = { purpose: 'export', writes: false, signal };
    await using agent = await agentOfBox(context, id, purpose);
    yield* archive({ context, id, name }, agent, values, signal);
  } catch (error) {
    throwIfAborted(signal, what);
    throw error;
  }
}

async function* archive(
  box: ArchivedBox,
  agent: AgentOfBox,
  values: ExecValues,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const session = startArchiveSession(agent, values);
  const exit = archiveExit(box, agent, session, signal);
  exit.catch(() => undefined); // checked below
  const complaint = new SaidText();
  session.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  try {
    for await (const chunk of session.stdout as AsyncIterable<Buffer>) {
      crashPoint('export:reading');
      yield chunk;
    }
    const { code } = await exit;
    if (code === 0) return;
    const said = printable(complaint.lines.join(' ').trim());
    throw new BoxliteError(
      'vmm-failed',
      `the file system of box ${box.name} could not be read to its end: ${said || `it ended with ${code}`}`,
    );
  } finally {
    session.close();
  }
}
