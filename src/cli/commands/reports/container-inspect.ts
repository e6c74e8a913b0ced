import { defineCommand, flag, value } from '../../parse/command.js';
import { inspectAll } from './inspect.js';

export const containerInspect = defineCommand({
  name: 'container inspect',
  aliases: ['box inspect'],
  group: 'boxes',
  summary: 'Show all that is known about boxes, as JSON',
  args: [{ name: 'BOX', summary: 'Name or id', variadic: true, complete: 'box' }],
  options: {
    format: value("json, or a template such as '{{.State.Status}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
    size: flag('What the box takes of the disk, too', { short: 's' }),
  },
  examples: [
    { command: "boxlite container inspect -f '{{json .Mounts}}' web", what: 'One field of it' },
  ],
  async run(context, names, { format, size }) {
    await inspectAll(context, names, { format, size, type: 'box' });
    return 0;
  },
});
