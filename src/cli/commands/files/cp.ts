import type { LiteBox } from '../../../engine/box.js';
import type { CopyOptions, CopyResult } from '../../../engine/files/copy-options.js';
import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { type CopyOperand, parseCopyOperand } from '../../flags/copy-operand.js';
import { openSpinner } from '../../output/terminal/spinner.js';
import { humanSize } from '../../output/text/size.js';
import { defineCommand, flag } from '../../parse/command.js';
import { type CommandContext, say, warn, write } from '../../process/context.js';
import { readBytes } from '../../process/read-bytes.js';
import { untilSignal } from '../../process/until-signal.js';

export const cp = defineCommand({
  name: 'cp',
  group: 'boxes',
  summary: 'Copy files between a box and the host',
  description:
    'One side is BOX:PATH, where the path begins at the root of the box, running or stopped; the\n' +
    'other a path of the host, which begins with / or . if it has a colon, or - for a tar on stdin or\n' +
    'stdout. A directory goes into a directory that is there, and with SRC/. what is in it does; a\n' +
    'DEST that is missing becomes what SRC is. Modes and times are kept, files belong to root in the\n' +
    'box and to you on the host. What is written to - is named as the box says: unpack it in a\n' +
    'directory where nothing else is.',
  args: [
    { name: 'SRC', summary: 'BOX:PATH, a path of the host, or -', complete: 'box-path' },
    { name: 'DEST', summary: 'The same for the other side', complete: 'box-path' },
  ],
  options: {
    archive: flag('Keep owners, extended attributes and set-user-id bits', { short: 'a' }),
    'follow-link': flag('Follow a link that SRC is', { short: 'L' }),
    quiet: flag('Do not print what was copied', { short: 'q' }),
  },
  examples: [
    { command: 'boxlite cp web:/var/log/app ./logs', what: 'A directory out of a box' },
    { command: 'boxlite cp ./site/. web:/srv', what: 'What is in a directory' },
    { command: 'tar -cz . | boxlite cp - web:/srv', what: 'An archive' },
  ],
  async run(context, [source = '', destination = ''], flags) {
    const from = parseCopyOperand(source);
    const to = parseCopyOperand(destination);
    checkSides(from, to);
    const box = await findBox(await context.runtime(), from.box ?? to.box ?? '');
    const options: CopyOptions = {
      archive: flags.archive,
      followSource: flags['follow-link'],
      onWarning: (text) => warn(context, text),
    };
    if (to.box === undefined && to.path === '-') {
      await packToStdout(context, box, from.path, options);
      return 0;
    }
    const result = await watched(context, flags.quiet, options, (watchedOptions) =>
      copy(context, box, from, to, watchedOptions),
    );
    // Docker's line, printed only for a person, as in Docker.
    if (!flags.quiet && context.stderr.isTTY === true)
      say(
        context,
        `Successfully copied ${humanSize(result.bytes)} ` +
          `(transferred ${humanSize(result.transferred)}) to ${destination}`,
      );
    return 0;
  },
});

function checkSides(from: CopyOperand, to: CopyOperand): void {
  const refuse = (text: string, hint?: string): never => {
    throw new BoxliteError('invalid-argument', text, hint === undefined ? {} : { hint });
  };
  if (from.path === '' && from.box === undefined) refuse('source can not be empty');
  if (to.path === '' && to.box === undefined) refuse('destination can not be empty');
  if (from.box !== undefined && to.box !== undefined)
    refuse('copying between containers is not supported', 'copy to the host first');
  if (from.box === undefined && to.box === undefined)
    refuse('must specify at least one container source', 'name the box as BOX:PATH');
}

async function copy(
  context: CommandContext,
  box: LiteBox,
  from: CopyOperand,
  to: CopyOperand,
  options: CopyOptions,
): Promise<CopyResult> {
  if (from.box !== undefined) return box.copyOut(from.path, to.path, options);
  if (from.path !== '-') return box.copyInto(from.path, to.path, options);
  if (context.stdin.isTTY === true)
    throw new BoxliteError('invalid-argument', 'the archive to copy is to come from stdin', {
      hint: 'send one through a pipe',
    });
  return box.unpackInto(readBytes(context, '-'), to.path, options);
}

async function packToStdout(
  context: CommandContext,
  box: LiteBox,
  path: string,
  options: CopyOptions,
): Promise<void> {
  if (context.stdout.isTTY === true)
    throw new BoxliteError(
      'invalid-argument',
      'cowardly refusing to write an archive to a terminal',
      {
        hint: 'redirect it',
      },
    );
  await untilSignal(context, async (signal) => {
    for await (const chunk of box.packOut(path, { ...options, signal }))
      await write(context.stdout, chunk);
  });
}

/** Shows a person the progress, and lets a signal end the copy cleanly. */
async function watched(
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
