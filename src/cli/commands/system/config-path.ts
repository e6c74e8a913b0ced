import { defineCommand } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const configPath = defineCommand({
  name: 'config path',
  group: 'system',
  summary: 'Show where the configuration file is, or would be',
  args: [],
  options: {},
  examples: [{ command: '"$EDITOR" "$(boxlite config path)"', what: 'Change it by hand' }],
  async run(context) {
    await print(context, `${context.settings.sources.path}\n`);
    return 0;
  },
});
