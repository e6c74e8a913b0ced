import { BoxliteError } from '../../../errors.js';
import { defineCommand, flag } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const volumeRm = defineCommand({
  name: 'volume rm',
  aliases: ['volume remove'],
  group: 'volumes',
  summary: 'Remove volumes and their files',
  description:
    'Prints each name it was given. One that a box has is not removed, whether it runs or not.',
  args: [{ name: 'VOLUME', summary: 'Name', variadic: true }],
  options: { force: flag('A missing one is no error', { short: 'f' }) },
  examples: [{ command: 'boxlite volume rm data', what: 'Once no box has it' }],
  async run(context, names, { force }) {
    const { volumes } = await context.runtime();
    await forEachTarget(context, names, 'in turn', async (name) => {
      try {
        await volumes.remove(name);
      } catch (error) {
        const missing = error instanceof BoxliteError && error.code === 'volume-not-found';
        if (!missing || !force) throw error;
      }
      return `${name}\n`;
    });
    return 0;
  },
});
