import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { COPY_EXITS } from '../../agent/protocol.js';
import { BoxliteError, limitError } from '../../errors.js';
import { checkStreams } from '../../host/child-streams.js';
import { nativeProgram } from '../../host/native-programs.js';
import { type ArchiveReport, ReportReader } from './archive-report.js';

/** The host's end of a copy: a process that packs or unpacks. */
export interface ArchiveProcess {
  /** The archive of a packing process. */
  stdout: Readable;
  /** The archive for an unpacking process. Writing to a process that has ended is no error. */
  stdin: Writable;
  /** Never rejects for a failure that the process itself reports. */
  ended: Promise<ArchiveReport>;
  /** Ends its stream; the process cleans up what it has begun, and ends. */
  stop: () => void;
}

/**
 * Read a packing process's output from now on: Node discards what an ended process has written if no reader
 * is attached.
 * @param argv as in native/archive/command.h
 * @throws setup-needed when the program is not built
 */
export function startArchive(
  argv: readonly string[],
  onWarning: (text: string) => void,
): ArchiveProcess {
  const packs = argv[0] === 'pack';
  // Both stdin and stdout are pipes; the unused one is closed at once.
  const child = spawn(nativeProgram('boxlite-archive'), argv, { env: {} });
  checkStreams(child, 'boxlite-archive');
  const { stdin, stdout } = child;
  const report = new ReportReader(onWarning);
  child.stderr.on('data', (chunk: Buffer) => report.push(chunk));
  const ended = new Promise<ArchiveReport>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(
        limitError(cause, 'run boxlite-archive') ??
          new BoxliteError('permission', `can't run boxlite-archive: ${cause.message}`, { cause }),
      ),
    );
    child.on('close', (code) => resolve(report.end(code ?? COPY_EXITS.FAILED)));
  });
  ended.catch(() => undefined); // the copy awaits it
  stdin.on('error', () => undefined); // it has ended: `ended` says why
  if (packs) stdin.end();
  else stdout.resume();
  return {
    stdin,
    stdout,
    ended,
    stop: () => {
      if (packs) stdout.destroy();
      else stdin.end();
    },
  };
}
