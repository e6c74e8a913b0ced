import { defineCommand } from '../../parse/command.js';

export const tag = defineCommand({
  name: 'tag',
  aliases: ['image tag'],
  group: 'images',
  summary: 'Give an image another name',
  args: [
    { name: 'SOURCE', summary: 'Name or id of the image', complete: 'image' },
    { name: 'TARGET', summary: 'NAME[:TAG]; a name without a registry is localhost/NAME' },
  ],
  options: {},
  examples: [
    { command: 'boxlite tag alpine registry.example/alpine:mine', what: 'For another registry' },
  ],
  async run(context, [source = '', target = '']) {
    await (await context.runtime()).tagImage(source, target);
    return 0;
  },
});
