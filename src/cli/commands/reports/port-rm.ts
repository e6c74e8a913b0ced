import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';

export const portRm = defineCommand({
  name: 'port rm',
  group: 'boxes',
  summary: 'Take back published ports of a box, while it runs or not',
  description:
    'PORT is one of the box, wherever it is published, or one as it was published. Connections that are open stay.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    { name: '[[IP:]PORT:]PORT[/PROTO]', summary: 'Published port', variadic: true },
  ],
  options: {},
  examples: [
    { command: 'boxlite port rm web 80', what: 'Wherever port 80 is published' },
    { command: 'boxlite port rm web 127.0.0.1:8080:80', what: 'Only this one' },
  ],
  async run(context, [name = '', ...ports]) {
    const box = await findBox(await context.runtime(), name);
    await box.unpublish(ports);
    return 0;
  },
});
