import type { ExecValues, ShimClient } from '../agent/client.js';
import { BoxliteError } from '../errors.js';
import { agentOfBox } from './box-machine.js';
import type { EngineContext } from './context.js';
import { crashPoint } from './crash-point.js';
import { archiveValues } from './guest-messages.js';

/**
 * A box's file system as a tar (pax), without what is mounted over it. A running box's agent writes it; for
 * another box a machine is started that has its disks and runs nothing of the box's.
 * @param values what is asked of the agent; default all of it
 * @throws box-not-found, and what a start may throw
 */
export async function* exportBox(
  context: EngineContext,
  id: string,
  values: ExecValues = archiveValues(),
): AsyncGenerator<Buffer, void, undefined> {
  await using agent = await agentOfBox(context, id, { purpose: 'export', writes: false });
  yield* archive(agent.client, id, values);
}

async function* archive(
  client: ShimClient,
  id: string,
  values: ExecValues,
): AsyncGenerator<Buffer, void, undefined> {
  const session = client.exec(values);
  session.exited.catch(() => undefined); // asked below
  const complaint: Buffer[] = [];
  session.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  await session.started;
  crashPoint('export:reading');
  for await (const chunk of session.stdout as AsyncIterable<Buffer>) yield chunk;
  const { code } = await session.exited;
  if (code === 0) return;
  const said = Buffer.concat(complaint).toString().trim();
  throw new BoxliteError(
    'vmm-failed',
    `the file system of box ${id} could not be read to its end: ${said || `it ended with ${code}`}`,
  );
}
