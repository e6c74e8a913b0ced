import { BoxliteError } from '../../../errors.js';
import { readLabels, splitPair } from '../../flags/key-values.js';
import { defineCommand, list, value } from '../../parse/command.js';
import { REFUSED_BY_VOLUME_CREATE } from '../../parse/refused-flags.js';
import { print } from '../../process/context.js';

export const volumeCreate = defineCommand({
  name: 'volume create',
  group: 'volumes',
  summary: 'Create a volume, whose files outlive boxes',
  description:
    'Prints its name. One that has the name already stays as it is. Without a name it is anonymous. With\n' +
    '--from it is a copy of another, which takes no more space than that; no box may have it if it is of\n' +
    'type disk, and what boxes write to a shared one meanwhile may be missing.\n' +
    'type=shared is a directory of the host, for any number of boxes at once; type=disk is a file system of\n' +
    'its own, for one box at a time, faster with many small files, and of the size that size= says.',
  args: [{ name: 'VOLUME', summary: 'Name of the volume', optional: true }],
  options: {
    ...REFUSED_BY_VOLUME_CREATE,
    driver: value('local, which is the only one', 'DRIVER', { short: 'd', complete: ['local'] }),
    from: value('Volume to copy', 'VOLUME'),
    label: list('Set a label', 'KEY[=VALUE]'),
    name: value('Name of the volume', 'NAME', { hidden: true, emptyIsNone: true }),
    opt: list('type=shared (default) or type=disk; size=SIZE of a disk', 'KEY=VALUE', {
      short: 'o',
      complete: { keys: { type: ['shared', 'disk'], size: undefined } },
    }),
  },
  examples: [
    { command: 'boxlite volume create data', what: 'Then `boxlite run -v data:/srv …`' },
    { command: 'boxlite volume create --opt type=disk --opt size=20g db', what: 'For a database' },
    { command: 'boxlite volume create --from db db-test', what: 'A copy to try something with' },
  ],
  async run(context, [word], options) {
    if (word !== undefined && options.name !== undefined)
      throw new BoxliteError(
        'invalid-argument',
        'conflicting options: either specify --name or provide positional arg, not both',
      );
    checkDriver(options.driver ?? 'local');
    const name = word ?? options.name;
    const { volumes } = await context.runtime();
    const volume = await volumes.create({
      ...(name !== undefined && { name }),
      ...(options.from !== undefined && { from: options.from }),
      labels: readLabels([], options.label),
      options: Object.fromEntries(options.opt.map(splitPair)),
    });
    await print(context, `${volume.name}\n`);
    return 0;
  },
});

/** @throws unsupported */
function checkDriver(driver: string): void {
  if (driver === 'local') return;
  throw new BoxliteError('unsupported', `volumes have the driver local, not ${driver}`, {
    hint: 'leave out --driver; to use storage of another kind, mount it on the host, and then run -v /path:/path',
  });
}
