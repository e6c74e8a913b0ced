import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';
import { forEachTarget } from '../../process/targets.js';

export const pause = defineCommand({
  name: 'pause',
  group: 'boxes',
  summary: 'Hold boxes: their processors stand still until unpause',
  description: 'Their memory and their connections stay. Prints each name it was given.',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'running-box' }],
  options: {},
  examples: [
    {
      command: 'boxlite pause web',
      what: 'It takes no processor time until `boxlite unpause web`',
    },
  ],
  async run(context, names) {
    const runtime = await context.runtime();
    await forEachTarget(context, names, 'at once', async (name) => {
      await (await findBox(runtime, name)).pause();
      return `${name}\n`;
    });
    return 0;
  },
});
