import { defineCommand, value } from '../../parse/command.js';
import { REFUSED_PLATFORM } from '../../parse/refused-flags.js';
import { inspectAll } from '../reports/inspect.js';

export const imageInspect = defineCommand({
  name: 'image inspect',
  group: 'images',
  summary: 'Show all that is known about images, as JSON',
  args: [{ name: 'IMAGE', summary: 'Name or id', variadic: true, complete: 'image' }],
  options: {
    ...REFUSED_PLATFORM,
    format: value("json, or a template such as '{{.Size}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
  },
  examples: [
    { command: "boxlite image inspect --format '{{json .Config.Env}}' alpine", what: 'One field' },
  ],
  async run(context, names, options) {
    await inspectAll(context, names, { format: options.format, size: false, type: 'image' });
    return 0;
  },
});
