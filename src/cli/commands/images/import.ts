import { BoxliteError } from '../../../errors.js';
import { platformFlag, readPlatformFlag } from '../../flags/platform.js';
import { defineCommand, list, value } from '../../parse/command.js';
import { print } from '../../process/context.js';
import { readBytes } from '../../process/read-bytes.js';
import { untilSignal } from '../../process/until-signal.js';

export const importImage = defineCommand({
  name: 'import',
  aliases: ['image import'],
  group: 'images',
  summary: 'Make an image from a root file system in a tar archive',
  description:
    'The archive may be packed by gzip, zstd, xz or bzip2. Prints the id of the new image.',
  args: [
    { name: 'FILE|-', summary: 'The archive, or - for stdin', complete: 'file' },
    { name: 'REPOSITORY[:TAG]', summary: 'Name of the image', optional: true },
  ],
  options: {
    change: list('Dockerfile instruction, such as \'CMD ["sh"]\'', 'INSTRUCTION', { short: 'c' }),
    message: value("Comment in the image's history", 'TEXT', { short: 'm' }),
    platform: platformFlag('Platform the image says it is for'),
  },
  examples: [
    { command: 'boxlite import -c \'CMD ["sh"]\' rootfs.tar mine:1', what: 'With a command' },
  ],
  async run(context, [file = '', reference], { change, message, ...flags }) {
    const platform = readPlatformFlag(context, flags.platform);
    if (/^https?:\/\//.test(file))
      throw new BoxliteError('unsupported', `import does not fetch ${file}`, {
        hint: `fetch it yourself: curl -fL ${file} | boxlite import -`,
      });
    if (file === '-' && context.stdin.isTTY === true)
      throw new BoxliteError(
        'invalid-argument',
        'requested import from stdin, but stdin is a terminal',
        {
          hint: 'name a file, or send an archive through a pipe',
        },
      );
    const runtime = await context.runtime();
    const id = await untilSignal(context, (signal) =>
      runtime.importImage(readBytes(context, file, signal), {
        changes: [...change],
        ...(reference !== undefined && { reference }),
        ...(message !== undefined && { message }),
        ...(platform !== undefined && { platform }),
      }),
    );
    await print(context, `${id}\n`);
    return 0;
  },
});
