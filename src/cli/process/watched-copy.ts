/** How a person sees a copy, and how `-` stands for an archive. */
import type { CopyOptions, CopyResult } from '../../engine/files/copy-options.js';
import { BoxliteError } from '../../errors.js';
import { openSpinner } from '../output/terminal/spinner.js';
import { humanSize } from '../output/text/size.js';
import { type CommandContext, say, write } from './context.js';
import { readBytes } from './read-bytes.js';
import { untilSignal } from './until-signal.js';

/** Shows a person the progress and the end, and lets a signal end the copy cleanly. */
export async function watchedCopy(
  context: CommandContext,
  quiet: boolean,
  destination: string,
  options: CopyOptions,
  run: (options: CopyOptions) => Promise<CopyResult>,
): Promise<void> {
  const { bytes, transferred } = await watched(context, quiet, options, run);
  // Docker's line, printed only for a person, as in Docker.
  if (quiet || context.stderr.isTTY !== true) return;
  say(
    context,
    `Successfully copied ${humanSize(bytes)} ` +
      `(transferred ${humanSize(transferred)}) to ${destination}`,
  );
}

export async function watched(
  context: CommandContext,
  quiet: boolean,
  options: CopyOptions,
  run: (options: CopyOptions) => Promise<CopyResult>,
): Promise<CopyResult> {
  const spinner = quiet ? undefined : await openSpinner(context);
  spinner?.show('Copying');
  try {
    return await untilSignal(context, (signal) =>
      run({
        ...options,
        signal,
        onWarning: (text) => (spinner?.over ?? apply)(() => options.onWarning?.(text)),
        onProgress: (bytes) => spinner?.show(`Copying  ${humanSize(bytes)}`),
      }),
    );
  } finally {
    spinner?.stop();
  }
}

function apply(run: () => void): void {
  run();
}

/** @throws invalid-argument for a terminal */
export function archiveFromStdin(context: CommandContext): AsyncIterable<Uint8Array> {
  if (context.stdin.isTTY !== true) return readBytes(context, '-');
  throw new BoxliteError('invalid-argument', 'the archive to copy is to come from stdin', {
    hint: 'send one through a pipe',
  });
}

/** @throws invalid-argument for a terminal */
export async function archiveToStdout(
  context: CommandContext,
  archive: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
): Promise<void> {
  if (context.stdout.isTTY === true)
    throw new BoxliteError(
      'invalid-argument',
      'cowardly refusing to write an archive to a terminal',
      { hint: 'redirect it' },
    );
  await untilSignal(context, async (signal) => {
    for await (const chunk of archive(signal)) await write(context.stdout, chunk);
  });
}
