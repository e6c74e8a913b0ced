import { BoxliteError } from '../../../errors.js';
import { EVENT_FILTER_KEYS, parseEventFilters } from '../../flags/filters/event-filters.js';
import { filterText } from '../../flags/filters/filters.js';
import { parseMoment } from '../../flags/time.js';
import { eventFields, eventJson, eventLine } from '../../output/rows/event-line.js';
import { compileTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, list, value } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const events = defineCommand({
  name: 'events',
  aliases: ['system events'],
  group: 'system',
  summary: 'Show what happens to boxes and images, as it happens',
  description:
    'Until it is interrupted, or --until. The newest 10,000 events are kept. Filters: container (box),\n' +
    'event, image, label, type; the same one twice means either, different ones mean both.',
  args: [],
  options: {
    since: value('From this time on: RFC 3339, seconds since 1970, or ago (42m)', 'TIME', {
      emptyIsNone: true,
    }),
    until: value('Up to this time', 'TIME', { emptyIsNone: true }),
    filter: list('Only events that match', 'KEY=VALUE', {
      short: 'f',
      complete: EVENT_FILTER_KEYS,
      emptyIsNone: true,
      parse: filterText,
    }),
    format: value("json, or a template such as '{{.Action}} {{.Actor.ID}}'", 'FORMAT', {
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: 'boxlite events --since 1h --until 0s', what: 'Of the last hour' },
    { command: 'boxlite events --filter event=die', what: 'Every end, from now on' },
  ],
  async run(context, _args, options) {
    const now = context.now();
    const moment = (text: string | undefined): Date | undefined =>
      text === undefined ? undefined : parseMoment(text, now);
    const [since, until] = [moment(options.since), moment(options.until)];
    if (since && until && since > until)
      throw new BoxliteError('invalid-argument', '`since` time cannot be after `until` time');
    const matches = parseEventFilters(options.filter);
    const render = rendering(options.format, context.stdout.isTTY);
    const runtime = await context.runtime();
    for await (const event of runtime.events({
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
    }))
      if (matches(event)) await print(context, `${render(event)}\n`);
    return 0;
  },
});

function rendering(format: string | undefined, onScreen?: boolean): typeof eventLine {
  if (format === undefined || format === '') return eventLine;
  if (format === 'json') return (event) => jsonText(eventJson(event));
  const template = compileTemplate(unescape(format), onScreen);
  return (event) => template.render(eventFields(event));
}
