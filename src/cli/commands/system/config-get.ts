import { CONFIG_KEYS } from '../../config/keys.js';
import { shownValue } from '../../config/origin.js';
import { checkConfigKey } from '../../config/settings.js';
import { defineCommand } from '../../parse/command.js';
import { print } from '../../process/context.js';

export const configGet = defineCommand({
  name: 'config get',
  group: 'system',
  summary: 'Show one setting, as it is in force',
  description: 'Prints nothing and ends with 1 when it is not set and has no default.',
  args: [{ name: 'KEY', summary: 'Key of the file', complete: Object.keys(CONFIG_KEYS) }],
  options: {},
  examples: [{ command: 'boxlite config get accelerator', what: 'How boxes are to run here' }],
  async run(context, [key = '']) {
    const text = shownValue(checkConfigKey(key), context.settings);
    if (text === undefined) return 1;
    await print(context, `${text}\n`);
    return 0;
  },
});
