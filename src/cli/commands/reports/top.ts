import { findBox } from '../../box/find-box.js';
import { parsePsOptions } from '../../flags/ps-options.js';
import { processTable } from '../../output/rows/process-table.js';
import { defineCommand } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const top = defineCommand({
  name: 'top',
  group: 'boxes',
  summary: 'List the processes in a box',
  description:
    'As `ps -ef` in the box would, which the image need not have. Numbers are those that the box itself\n' +
    'sees; a process that was begun by `boxlite exec` has the parent 0. Of the options of `ps` these\n' +
    'are known: aux, ax, -e, -A, -f, -F, -o COLUMN[=HEADER],... and --sort [-]COLUMN,...; the column\n' +
    'pid must be there.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'running-box' },
    { name: 'PS-OPTION', summary: 'How `ps` would show them', optional: true, variadic: true },
  ],
  options: {},
  examples: [
    { command: 'boxlite top web', what: 'What runs in it' },
    {
      command: 'boxlite top web -eo pid,rss,args --sort -rss',
      what: 'Who takes most of its memory',
    },
  ],
  passThrough: true,
  async run(context, [name = '', ...words]) {
    const layout = parsePsOptions(words);
    const box = await findBox(await context.runtime(), name);
    const processes = await box.processes();
    await print(context, await processTable(processes, layout, context.now(), context.stdout));
    return 0;
  },
});
