import { withoutActing } from '../../../terminal-text.js';
import { findBox } from '../../box/find-box.js';
import { defineCommand } from '../../parse/command.js';
import { write } from '../../process/context.js';

const LETTERS = { added: 'A', changed: 'C', deleted: 'D' } as const;

export const diff = defineCommand({
  name: 'diff',
  group: 'boxes',
  summary: "Show what a box has changed of its image's files",
  description:
    'A line a path: A was added, C changed, D deleted. What is mounted in the box is not looked at.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'box' }],
  options: {},
  examples: [{ command: 'boxlite diff web', what: 'Before a commit' }],
  async run(context, [name = '']) {
    const box = await findBox(await context.runtime(), name);
    for (const { kind, path, rawPath } of await box.changes())
      // A file name must not control the terminal, but a script needs it byte for byte.
      await write(
        context.stdout,
        context.stdout.isTTY === true
          ? `${LETTERS[kind]} ${withoutActing(path, '\uFFFD')}\n`
          : Buffer.concat([Buffer.from(`${LETTERS[kind]} `), rawPath, Buffer.from('\n')]),
      );
    return 0;
  },
});
