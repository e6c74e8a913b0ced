import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { BoxliteError, errnoOf } from '../../errors.js';
import { FOREIGN_MAGIC_BYTES, type ForeignPacking, foreignPackingOf } from './packing.js';
import { peek } from './peek.js';

/** Limit of a program's quoted message. */
const MAX_SAID = 200;

/**
 * The bytes of a user's archive, unpacked if it is xz or bzip2, which Docker accepts too;
 * `decompress` handles gzip and zstd. The host's own program does it, in its own process: one
 * thread, bounded memory, nothing of our environment.
 * @throws BoxliteError `archive-invalid` for a damaged stream, `unsupported` for another format, or
 * when the program is missing
 */
export async function* unpackArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source, FOREIGN_MAGIC_BYTES);
  const packing = foreignPackingOf(head);
  if (packing === undefined) {
    yield* rest;
    return;
  }
  if (packing.known) yield* byProgram(rest, packing);
  else {
    await rest.return(undefined);
    throw unsupported(packing, `the archive is packed by ${packing.name}`);
  }
}

async function* byProgram(
  source: AsyncIterable<Uint8Array>,
  packing: ForeignPacking,
): AsyncGenerator<Buffer> {
  const [program = '', ...options] = packing.command ?? [];
  // XZ_OPT, BZIP2 and the like would add options that we did not choose.
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  const child = spawn(program, options, { env, cwd: '/' });
  const ended = endOf(child);
  let wanted = true;
  const fed = feed(source, child, () => wanted).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  // Both may fail before we await them.
  fed.catch(() => undefined);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    const end = await ended;
    wanted = false;
    if (end.missing)
      throw unsupported(
        packing,
        `the archive is packed by ${packing.name}, and the program ${program} is not there`,
      );
    // If the source failed, that explains the program's failure.
    await fed;
    if (end.code === 0) return;
    throw new BoxliteError(
      'archive-invalid',
      `the archive is not a whole ${packing.name} stream: ${program} says ${end.said}`,
    );
  } finally {
    // Nobody may still be reading from the source when its owner continues with it.
    wanted = false;
    child.kill('SIGKILL');
    child.stdin.destroy();
    await fed.catch(() => undefined);
  }
}

async function feed(
  source: AsyncIterable<Uint8Array>,
  { stdin }: ChildProcessWithoutNullStreams,
  wanted: () => boolean,
): Promise<void> {
  // The program has exited: its status says why.
  stdin.on('error', () => undefined);
  const closed = once(stdin, 'close').catch(() => undefined);
  for await (const chunk of source) {
    if (!wanted() || stdin.destroyed) return;
    if (!stdin.write(chunk))
      await Promise.race([once(stdin, 'drain').catch(() => undefined), closed]);
  }
  stdin.end();
}

interface End {
  code: number | null;
  missing: boolean;
  /** Its message, printable. */
  said: string;
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<End> {
  let said = '';
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    said = (said + text).slice(0, MAX_SAID);
  });
  return new Promise((resolve) => {
    child.once('error', (error) =>
      resolve({ code: null, missing: errnoOf(error) === 'ENOENT', said: error.message }),
    );
    child.once('close', (code) => {
      const [first = ''] = said.trim().split('\n', 1);
      const words = first.replace(/[^\x20-\x7e]/g, '?').replace(/^\w+: (\(stdin\): )?/, '');
      resolve({ code, missing: false, said: words || 'nothing' });
    });
  });
}

function unsupported({ command }: ForeignPacking, message: string): BoxliteError {
  const hint =
    command === undefined
      ? 'give a tar, plain or packed by gzip, zstd, xz or bzip2'
      : `unpack it on the way: ${command[0]} -dc < FILE`;
  return new BoxliteError('unsupported', message, { hint });
}
