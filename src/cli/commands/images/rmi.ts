import { BoxliteError } from '../../../errors.js';
import { removalLines } from '../../output/rows/removal.js';
import { defineCommand, flag } from '../../parse/command.js';
import { REFUSED_PLATFORM } from '../../parse/refused-flags.js';
import { warn } from '../../process/context.js';
import { forEachTarget } from '../../process/targets.js';

export const rmi = defineCommand({
  name: 'rmi',
  aliases: ['image rm', 'image remove'],
  group: 'images',
  summary: 'Remove images',
  description:
    'Takes the name away, and deletes the image with its last one. By its id an image is deleted at\n' +
    'once; with -f also one that has several names, or that a stopped box was made of.',
  args: [{ name: 'IMAGE', summary: 'Name or id', variadic: true, complete: 'image' }],
  options: {
    ...REFUSED_PLATFORM,
    force: flag('Also one that stopped boxes were made of; a missing one is no error', {
      short: 'f',
    }),
    'no-prune': flag('Keep parents without a name (there are none; for scripts)', { hidden: true }),
  },
  examples: [{ command: 'boxlite rmi alpine:3.19 alpine:3.20', what: 'Two of them' }],
  async run(context, names, { force }) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      try {
        const { removals } = await runtime.removeImage(name, { force });
        return removalLines(removals, 'Untagged', 'Deleted');
      } catch (error) {
        const missing = error instanceof BoxliteError && error.code === 'image-not-found';
        if (!missing || !force) throw error;
        warn(context, error.message);
        return '';
      }
    });
    return 0;
  },
});
