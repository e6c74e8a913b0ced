import { unsetConfigKeys } from '../../config/file.js';
import { CONFIG_KEYS } from '../../config/keys.js';
import { checkConfigKey } from '../../config/settings.js';
import { defineCommand } from '../../parse/command.js';

export const configUnset = defineCommand({
  name: 'config unset',
  group: 'system',
  summary: 'Take settings out of the configuration file',
  args: [
    {
      name: 'KEY',
      summary: 'Key of the file',
      variadic: true,
      complete: Object.keys(CONFIG_KEYS),
    },
  ],
  options: {},
  examples: [{ command: 'boxlite config unset memory cpus', what: 'The defaults hold again' }],
  async run(context, names) {
    await unsetConfigKeys(
      context,
      names.map((name) => checkConfigKey(name)),
    );
    return 0;
  },
});
