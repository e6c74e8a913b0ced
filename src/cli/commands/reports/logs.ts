import { createReadStream } from 'node:fs';
import type { LiteBox } from '../../../engine/box.js';
import { BoxliteError, errnoOf, fileError } from '../../../errors.js';
import { findBox } from '../../box/find-box.js';
import { parseTail } from '../../flags/number.js';
import { parseMomentNs } from '../../flags/time.js';
import { consoleText } from '../../output/terminal/console-text.js';
import { TimePrefixer } from '../../output/text/time-prefixer.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, write } from '../../process/context.js';

export const logs = defineCommand({
  name: 'logs',
  group: 'boxes',
  summary: 'Show what the command of a box has written',
  description: 'Its stdout on stdout, its stderr on stderr.',
  args: [{ name: 'BOX', summary: 'Name or id', complete: 'box' }],
  options: {
    follow: flag('Go on until the box ends', { short: 'f' }),
    tail: value('Only the last NUMBER lines, or all', 'NUMBER', { short: 'n', parse: parseTail }),
    timestamps: flag('The time before each line', { short: 't' }),
    since: value('Only what is newer: a date, seconds since 1970, or 42m', 'TIME', {
      emptyIsNone: true,
    }),
    until: value('Only what is older', 'TIME', { emptyIsNone: true }),
    details: flag('Taken for scripts; a box keeps nothing besides', { hidden: true }),
    console: flag("The virtual machine's own console instead; a terminal shows it as plain text"),
  },
  examples: [
    { command: 'boxlite logs -f --tail 20 web', what: 'The end, and what follows' },
    { command: 'boxlite logs --since 10m web', what: 'The last ten minutes' },
  ],
  async run(context, [name = ''], options) {
    const now = context.now();
    const moment = (text: string | undefined): bigint | undefined =>
      text === undefined ? undefined : parseMomentNs(text, now);
    const [since, until] = [moment(options.since), moment(options.until)];
    const box = await findBox(await context.runtime(), name);
    if (options.console) {
      await showConsole(context, box);
      return 0;
    }
    const prefixers = { stdout: new TimePrefixer(), stderr: new TimePrefixer() };
    const records = box.logs({
      follow: options.follow,
      ...(options.tail !== undefined && { tail: options.tail }),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    });
    for await (const { stream, timeNs, data } of records)
      await write(
        context[stream],
        options.timestamps ? prefixers[stream].prefix(data, timeNs) : data,
      );
    return 0;
  },
});

async function showConsole(context: CommandContext, box: LiteBox): Promise<void> {
  const path = box.consolePath();
  try {
    const content: AsyncIterable<Buffer> = createReadStream(path);
    const text = context.stdout.isTTY === true ? consoleText(content) : content;
    for await (const part of text) await write(context.stdout, part);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw fileError(error, `read ${path}`);
    throw new BoxliteError('box-state', `box ${box.name ?? box.id} has no console yet`, {
      hint: 'it is written once the box has been started',
    });
  }
}
