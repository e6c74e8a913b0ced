import { ShimClient } from '../agent/client.js';
import type { ExecSession } from '../agent/exec-session.js';
import { BoxliteError } from '../errors.js';
import type { BoxRecord } from '../store/box-record.js';
import { isActive } from '../store/status.js';
import { specOf } from './box-spec.js';
import { currentRecord, lockBox, type EngineContext } from './context.js';
import { observed, settle } from './observe.js';
import type { StopOptions } from './options.js';
import { signalNumber } from './signals.js';

const SIGKILL = 9;

/** The longest that a timer of Node's runs: 24 days. It fires at once when it is given more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** After KILL the guest only has to write back and power off. */
const POWER_OFF_MS = 10_000;

/** Stops a box: its stop signal, a grace, KILL; then the VM's power-off. A stopped box is left alone. */
export async function stopBox(
  context: EngineContext,
  id: string,
  options: StopOptions,
): Promise<void> {
  const given = options.signal === undefined ? undefined : signalNumber(options.signal);
  await using _lock = await lockBox(context, id, 'stop');
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  if (!isActive(record.status)) {
    await waitForEnd(context, id);
    return;
  }
  const spec = specOf(record.options);
  const timeoutSeconds = options.timeoutSeconds ?? spec.stopTimeoutSeconds;
  context.database().boxes.transition(id, ['running'], 'stopping');
  await endMain(context, id, given ?? spec.stopSignal, timeoutSeconds);
  await settle(context.home, context.database(), currentRecord(context, id));
}

/** @throws box-not-running */
export async function killBox(context: EngineContext, id: string, signal: string): Promise<void> {
  const number = signalNumber(signal);
  const record = await observed(context.home, currentRecord(context, id));
  const client = await runningClient(context, record);
  await using main = attachSilently(client);
  main.session.signal(number);
  // The frame is on its way when the connection has been closed in order.
}

/** Kills the VM without asking the guest: what a forced removal does. */
export async function killVmm(context: EngineContext, id: string): Promise<void> {
  const client = await ShimClient.connect(context.home.box(id));
  if (client === null) return;
  client.killVmm();
  await boundedEnd(client, id);
}

/** Waits for a shim that is on its way out, as after a command's end. */
export async function waitForEnd(context: EngineContext, id: string): Promise<void> {
  const client = await ShimClient.connect(context.home.box(id));
  if (client !== null) await boundedEnd(client, id);
}

/** @throws box-not-running */
export async function runningClient(
  context: EngineContext,
  record: BoxRecord,
): Promise<ShimClient> {
  const client = isActive(record.status)
    ? await ShimClient.connect(context.home.box(record.id))
    : null;
  if (client !== null) return client;
  throw new BoxliteError('box-not-running', `box ${record.name ?? record.id} is not running`, {
    hint: `start it with \`boxlite start ${record.name ?? record.id.slice(0, 12)}\``,
  });
}

async function endMain(
  context: EngineContext,
  id: string,
  signal: number,
  timeoutSeconds: number,
): Promise<void> {
  const client = await ShimClient.connect(context.home.box(id));
  if (client === null) return;
  const { session } = attachSilently(client);
  session.signal(signal);
  if (timeoutSeconds < 0) await client.closed;
  else if (await endsWithin(client.closed, timeoutSeconds * 1000)) return;
  session.signal(SIGKILL);
  if (await endsWithin(client.closed, POWER_OFF_MS)) return;
  client.killVmm();
  await boundedEnd(client, id);
}

/** Session 1 for its signals only: the output that comes along is passed over. */
function attachSilently(client: ShimClient): AsyncDisposable & { session: ExecSession } {
  const session = client.main();
  session.onOutput((_stream, _chunk, consumed) => consumed());
  session.started.catch(() => undefined);
  session.exited.catch(() => undefined);
  return { session, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

async function boundedEnd(client: ShimClient, id: string): Promise<void> {
  if (await endsWithin(client.closed, POWER_OFF_MS + 5_000)) return;
  client.close();
  throw new BoxliteError('timeout', `the supervisor of box ${id} does not end`, {
    hint: `end process ${client.shimPid} by hand, then try again`,
  });
}

async function endsWithin(ended: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(ms, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
