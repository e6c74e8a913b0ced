import type { LiteBox } from '../../../engine/box.js';
import type { CopyOptions, CopyResult } from '../../../engine/files/copy-options.js';
import { BoxliteError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { type CopyOperand, parseCopyOperand } from '../../flags/copy-operand.js';
import { defineCommand, flag } from '../../parse/command.js';
import { type CommandContext, warn } from '../../process/context.js';
import { archiveFromStdin, archiveToStdout, watchedCopy } from '../../process/watched-copy.js';

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
      await archiveToStdout(context, (signal) => box.packOut(from.path, { ...options, signal }));
      return 0;
    }
    await watchedCopy(context, flags.quiet, destination, options, (watched) =>
      copy(context, box, from, to, watched),
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
  return box.unpackInto(archiveFromStdin(context), to.path, options);
}
