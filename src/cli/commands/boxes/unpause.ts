import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const unpause = defineCommand({
  name: 'unpause',
  group: 'boxes',
  summary: 'Let paused boxes go on',
  description: 'Prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'running-box' }],
  options: {},
  examples: [{ command: 'boxlite unpause web', what: 'It goes on where it was held' }],
  async run(context, names) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'at once', async (name) => {
      await (await findBox(runtime, name)).unpause();
      return `${name}\n`;
    });
    return 0;
  },
});
