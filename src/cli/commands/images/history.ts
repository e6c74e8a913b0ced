import { HISTORY_COLUMNS, HISTORY_HEADERS, historyRow } from '../../output/rows/history-row.js';
import { printList } from '../../output/terminal/list.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { REFUSED_PLATFORM } from '../../parse/refused-flags.js';

export const history = defineCommand({
  name: 'history',
  aliases: ['image history'],
  group: 'images',
  summary: 'Show how an image was made',
  description: 'Newest first. Sizes are those of the files that a step has added or changed.',
  args: [{ name: 'IMAGE', summary: 'Name or id', complete: 'image' }],
  options: {
    ...REFUSED_PLATFORM,
    human: flag('Sizes and times for people; --human=false gives bytes and dates', {
      short: 'H',
      initial: true,
    }),
    'no-trunc': flag('Whole ids and instructions'),
    quiet: flag('Only ids', { short: 'q' }),
    format: value("table, json, or a template such as '{{.CreatedBy}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: "boxlite history --no-trunc --format '{{.CreatedBy}}' alpine", what: 'Its steps' },
  ],
  async run(context, [image = ''], options) {
    const lines = await (await context.runtime()).imageHistory(image);
    const view = { now: context.now(), human: options.human, truncate: !options['no-trunc'] };
    await printList(
      context,
      lines.map((line) => historyRow(line, view)),
      {
        headers: HISTORY_HEADERS,
        columns: HISTORY_COLUMNS,
        format: options.format,
        quiet: options.quiet,
        quietField: 'ID',
        whole: options['no-trunc'],
      },
    );
    return 0;
  },
});
