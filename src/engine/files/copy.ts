import type { ExecExit, ExecSession } from '../../agent/exec-session.js';
import { COPY_EXITS } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';
import { crashPoint } from '../machine/crash-point.js';
import { copyValues } from '../machine/guest-messages.js';
import { callersFeed, type Feed } from './archive-feed.js';
import { type ArchiveProcess, startArchive } from './archive-process.js';
import { type ArchiveReport, ReportReader } from './archive-report.js';
import {
  type ArchivedBox,
  archiveExit,
  startArchiveSession,
  subjectOf,
} from './archive-session.js';
import { type AgentOfBox, agentOfBox, type MachinePurpose } from './box-machine.js';
import { checkHostDestination } from './copy-destination.js';
import { type CopyEnd, copyError } from './copy-error.js';
import {
  type CopyOptions,
  type CopyResult,
  packWords,
  unpackHereWords,
  unpackInBoxWords,
} from './copy-options.js';
import { boxPath, contentsOf, hostPath } from './copy-path.js';

/** After the archive's end the box only has to report success. */
const END_DEADLINE_MS = 10_000;

/** Copies a file or a directory of the host into a box, running or not. */
export async function copyInto(
  box: ArchivedBox,
  source: string,
  destination: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const from = sourcePath(hostPath(source), options);
  const open = (): ArchiveProcess =>
    startArchive(['pack', ...packWords(options, true), '--', from], warning(options));
  const task = { words: unpackInBoxWords(options, false), purpose: 'cp' };
  return intoBox(box, { path: from, foreign: false, open }, boxPath(destination), options, task);
}

/** Unpacks an archive (tar, compressed or not) into a directory of a box. */
export async function unpackInto(
  box: ArchivedBox,
  archive: AsyncIterable<Uint8Array>,
  destination: string,
  options: CopyOptions,
  task: Task = { words: unpackInBoxWords(options, true), purpose: 'cp' },
): Promise<CopyResult> {
  const open = (): Feed => callersFeed(archive);
  return intoBox(box, { path: '-', foreign: true, open }, boxPath(destination), options, task);
}

/**
 * Copies a file or a directory out of a box to the host. Nothing outside the destination is touched, and in a
 * directory only the source's own name is written, whatever the box sends.
 */
export async function copyOut(
  box: ArchivedBox,
  source: string,
  destination: string,
  options: CopyOptions,
): Promise<CopyResult> {
  const from = sourcePath(boxPath(source), options);
  const to = hostPath(destination);
  const host: CopyEnd = { side: 'host', role: 'destination', box: box.name, path: to };
  await checkHostDestination(host);
  await using agent = await agentOf(box, { purpose: 'cp', writes: false, signal: options.signal });
  options.signal?.throwIfAborted();
  const words = unpackHereWords(options, from);
  const unpacking = startArchive(['unpack', ...words, '--', to], warning(options));
  const session = startSession(agent, ['pack', ...packWords(options, true), '--', from]);
  const report = new ReportReader(warning(options));
  let transferred = 0;
  session.onOutput((stream, chunk, consumed) => {
    if (stream === 'stderr') {
      report.push(chunk);
      consumed();
      return;
    }
    transferred += chunk.length;
    crashPoint('copy:streaming');
    options.onProgress?.(transferred);
    if (unpacking.stdin.writable) unpacking.stdin.write(chunk, () => consumed());
    else consumed();
  });
  const packed = endOf(archiveExit(box, agent, session, options.signal), report);
  // Whichever ends first ends the other, which has lost its source or its reader.
  void packed.then(unpacking.stop, unpacking.stop);
  const unpackReport = await unpacking.ended.catch((error: unknown) => {
    session.close();
    throw error;
  });
  if (unpackReport.exit !== 0) session.close();
  const late = setTimeout(() => session.close(), END_DEADLINE_MS);
  const packResult = await settled(packed).finally(() => clearTimeout(late));
  crashPoint('copy:ended');
  options.signal?.throwIfAborted();
  if (unpackReport.exit !== 0 && unpackReport.exit !== COPY_EXITS.TRUNCATED)
    throw copyError(host, unpackReport);
  if ('error' in packResult)
    throw unpackReport.exit === 0 && isCancelled(packResult.error)
      ? new BoxliteError('protocol', `${subjectOf(box)} sends on after the end of its archive`)
      : packResult.error;
  if (packResult.value.exit !== 0) throw copyError(sourceEnd(box, from), packResult.value);
  if (unpackReport.exit !== 0) throw copyError(host, unpackReport);
  return { bytes: unpackReport.bytes, entries: unpackReport.entries, transferred };
}

/**
 * A file or a directory of a box as a tar that any tar reads. The box controls its content and may use any
 * name, so unpack it in an empty directory.
 */
export async function* packOut(
  box: ArchivedBox,
  source: string,
  options: CopyOptions,
  task: Task = { words: packWords({ ...options, archive: true }, false), purpose: 'cp' },
): AsyncGenerator<Buffer, void, undefined> {
  const from = sourcePath(boxPath(source), options);
  const { words, purpose } = task;
  await using agent = await agentOf(box, { purpose, writes: false, signal: options.signal });
  const session = startSession(agent, ['pack', ...words, '--', from]);
  const report = new ReportReader(warning(options));
  session.stderr.on('data', (chunk: Buffer) => report.push(chunk));
  const packed = endOf(archiveExit(box, agent, session, options.signal), report);
  packed.catch(() => undefined); // awaited below
  try {
    for await (const chunk of session.stdout as AsyncIterable<Buffer>) yield chunk;
    const end = await packed;
    if (end.exit !== 0) throw copyError(sourceEnd(box, from), end);
  } finally {
    session.close();
  }
}

/** How the box's end works, and what for. */
interface Task {
  /** Without the verb. */
  words: readonly string[];
  /** Shown to those who wait. */
  purpose: string;
}

/** A source to copy into a box. */
interface Source {
  path: string;
  /** The caller supplies the archive. */
  foreign: boolean;
  open: () => Feed;
}

async function intoBox(
  box: ArchivedBox,
  source: Source,
  to: string,
  options: CopyOptions,
  { words, purpose }: Task,
): Promise<CopyResult> {
  await using agent = await agentOf(box, { purpose, writes: true, signal: options.signal });
  options.signal?.throwIfAborted();
  const { foreign } = source;
  const session = startSession(agent, ['unpack', ...words, '--', to]);
  const report = new ReportReader(warning(options));
  session.onOutput((_stream, chunk, consumed) => {
    report.push(chunk);
    consumed();
  });
  const unpacked = endOf(archiveExit(box, agent, session, options.signal), report);
  const feed = source.open();
  let transferred = 0;
  feed.stdout.on('data', (chunk: Buffer) => {
    transferred += chunk.length;
    crashPoint('copy:streaming');
    options.onProgress?.(transferred);
  });
  feed.stdout.pipe(session.stdin);
  void unpacked.then(feed.stop, feed.stop);
  // A source that fails never ends its stream, so the box would wait for ever.
  let unreadable: { error: unknown } | undefined;
  feed.ended.catch((error: unknown) => {
    unreadable = { error };
    session.close();
  });
  const unpackResult = await settled(unpacked);
  crashPoint('copy:ended');
  options.signal?.throwIfAborted();
  if (unreadable !== undefined) throw unreadable.error;
  if ('error' in unpackResult) throw unpackResult.error;
  const guest: CopyEnd = {
    ...{ side: 'box', role: 'destination', box: box.name, path: to },
    kind: box.kind,
  };
  const { exit } = unpackResult.value;
  if (exit !== 0 && exit !== COPY_EXITS.TRUNCATED) throw copyError(guest, unpackResult.value);
  // A caller's archive may continue without end after its last entry.
  const packReport = foreign ? undefined : await feed.ended;
  if (packReport !== undefined && packReport.exit !== 0)
    throw copyError({ side: 'host', role: 'source', box: box.name, path: source.path }, packReport);
  if (exit !== 0) throw copyError(guest, unpackResult.value);
  // Prefer the host's own count: a box may report anything.
  const { bytes, entries } = packReport ?? unpackResult.value;
  return { bytes, entries, transferred };
}

export function sourcePath(path: string, options: CopyOptions): string {
  return options.includeParent === false && options.recursive !== false ? contentsOf(path) : path;
}

function warning({ onWarning }: CopyOptions): (text: string) => void {
  return (text) => onWarning?.(text);
}

const sourceEnd = ({ name, kind }: ArchivedBox, path: string): CopyEnd => ({
  ...{ side: 'box', role: 'source', box: name, kind, path },
});

async function agentOf(box: ArchivedBox, purpose: MachinePurpose): Promise<AgentOfBox> {
  if (box.kind === 'volume') {
    const { agentOfVolume } = await import('./volume/volume-machine.js');
    return agentOfVolume(box.context, box.name, purpose);
  }
  return agentOfBox(box.context, box.id, { ...purpose, volumes: true });
}

/** @param argv of a packing or unpacking end: the verb and its words */
function startSession(agent: AgentOfBox, [verb = '', ...words]: string[]): ExecSession {
  const within = agent.serial === undefined ? [] : ['volume', agent.serial];
  return startArchiveSession(agent, copyValues([verb, ...within, ...words]));
}

async function endOf(exit: Promise<ExecExit>, report: ReportReader): Promise<ArchiveReport> {
  const { code } = await exit;
  return report.end(code);
}

function isCancelled(error: unknown): boolean {
  return error instanceof BoxliteError && error.code === 'cancelled';
}

type Settled<T> = { value: T } | { error: unknown };

async function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
