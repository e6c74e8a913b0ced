import { defineCommand, flag, value } from '../command.js';
import { print } from '../context.js';
import { pullWithProgress } from '../pull-image.js';

export const pull = defineCommand({
  name: 'pull',
  aliases: ['image pull'],
  group: 'images',
  summary: 'Download an image from a registry',
  args: [{ name: 'IMAGE', summary: 'NAME[:TAG|@DIGEST]', complete: 'image' }],
  options: {
    quiet: flag('Print the full reference only', { short: 'q' }),
    platform: value('Platform of the image, such as linux/arm64', 'OS/ARCH[/VARIANT]'),
  },
  examples: [{ command: 'boxlite pull alpine:3.20', what: 'For boxes that come later' }],
  async run(context, [image = ''], { quiet, platform }) {
    const runtime = await context.runtime();
    const lines = quiet ? undefined : context.stdout;
    const { reference } = await pullWithProgress(context, runtime, image, { lines, platform });
    await print(context, `${reference}\n`);
    return 0;
  },
});
