import type { CopyOptions, CopyResult } from '../../../engine/files/copy-options.js';
import type { VolumeRuntime } from '../../../engine/volume-runtime.js';
import { BoxliteError } from '../../../errors.js';
import { type CopyOperand, parseCopyOperand } from '../../flags/copy-operand.js';
import { defineCommand, flag } from '../../parse/command.js';
import { type CommandContext, warn } from '../../process/context.js';
import { archiveFromStdin, archiveToStdout, watchedCopy } from '../../process/watched-copy.js';

export const volumeCp = defineCommand({
  name: 'volume cp',
  group: 'volumes',
  summary: 'Copy files between a volume and the host, without a box',
  description:
    'One side is VOLUME:PATH, where the path begins at the root of the volume; the other a path of the\n' +
    'host, or - for a tar, by the rules of `boxlite cp`. Links in the volume lead nowhere outside it. A\n' +
    'volume of type disk that a running box has is reached through that box, else through a machine of\n' +
    'its own.',
  args: [
    { name: 'SRC', summary: 'VOLUME:PATH, a path of the host, or -', complete: 'mount-source' },
    { name: 'DEST', summary: 'The same for the other side', complete: 'mount-source' },
  ],
  options: {
    archive: flag('Keep owners and extended attributes', { short: 'a' }),
    'follow-link': flag('Follow a link of the host that SRC is', { short: 'L' }),
    quiet: flag('Do not print what was copied', { short: 'q' }),
  },
  examples: [
    { command: 'boxlite volume cp ./seed/. data:/', what: 'What is in a directory' },
    { command: 'boxlite volume cp data:/conf/app.ini .', what: 'A file out of a volume' },
  ],
  async run(context, [source = '', destination = ''], flags) {
    const from = parseCopyOperand(source);
    const to = parseCopyOperand(destination);
    checkSides(from, to);
    const { volumes } = await context.runtime();
    const options: CopyOptions = {
      archive: flags.archive,
      followSource: flags['follow-link'],
      onWarning: (text) => warn(context, text),
    };
    const { box: name } = from;
    if (name !== undefined && to.path === '-')
      await archiveToStdout(context, (signal) =>
        volumes.packOut(name, from.path, { ...options, signal }),
      );
    else
      await watchedCopy(context, flags.quiet, destination, options, (watched) =>
        copy(context, volumes, from, to, watched),
      );
    return 0;
  },
});

function checkSides(from: CopyOperand, to: CopyOperand): void {
  const refuse = (text: string, hint: string): never => {
    throw new BoxliteError('invalid-argument', text, { hint });
  };
  if (from.box !== undefined && to.box !== undefined)
    refuse(
      'one side of a copy is the host',
      'copy to the host first, or all of a volume by volume create --from',
    );
  if (from.box === undefined && to.box === undefined)
    refuse('one side of a copy is a volume', 'name it as VOLUME:PATH');
}

function copy(
  context: CommandContext,
  volumes: VolumeRuntime,
  from: CopyOperand,
  to: CopyOperand,
  options: CopyOptions,
): Promise<CopyResult> {
  if (from.box !== undefined) return volumes.copyOut(from.box, from.path, to.path, options);
  const name = to.box ?? '';
  if (from.path !== '-') return volumes.copyInto(name, from.path, to.path, options);
  return volumes.unpackInto(name, archiveFromStdin(context), to.path, options);
}
