import { findBox } from '../../box/find-box.js';
import { naturally, publishedLine } from '../../output/text/ports-text.js';
import { defineCommand } from '../../parse/command.js';
import { withoutUndefined } from '../../parse/without-undefined.js';
import { print } from '../../process/context.js';

export const portAdd = defineCommand({
  name: 'port add',
  group: 'boxes',
  summary: 'Publish more ports of a box, while it runs or not',
  description:
    'A box that runs has them at once, and prints where the host listens; another from its next start on.\n' +
    'They stay with the box. If the host refuses one, none is published.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'box' },
    {
      name: '[[IP:]PORT:]PORT[/PROTO]',
      summary: 'As after -p of `boxlite run`',
      variadic: true,
    },
  ],
  options: {},
  examples: [
    { command: 'boxlite port add web 8080:80', what: 'http://127.0.0.1:8080' },
    { command: 'boxlite port add db 5432', what: 'On a free port, which is printed' },
  ],
  async run(context, [name = '', ...ports]) {
    const box = await findBox(await context.runtime(), name);
    const { publishAddress } = context.settings;
    const published = await box.publish(ports, withoutUndefined({ publishAddress }));
    const lines = published.filter(({ hostPort }) => hostPort !== 0).map(publishedLine);
    await print(
      context,
      lines
        .sort(naturally)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return 0;
  },
});
