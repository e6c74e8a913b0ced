import { setConfigKey } from '../../config/file.js';
import { CONFIG_KEYS } from '../../config/keys.js';
import { originOf } from '../../config/origin.js';
import { checkConfigKey } from '../../config/settings.js';
import { defineCommand } from '../../parse/command.js';
import { warn } from '../../process/context.js';

const VALUES = Object.fromEntries(
  Object.entries(CONFIG_KEYS).map(([key, { complete }]) => [key, complete]),
);

export const configSet = defineCommand({
  name: 'config set',
  group: 'system',
  summary: 'Write a setting to the configuration file',
  description:
    'A list is replaced by the values that are given; mirrors are written as REGISTRY=URL.\n' +
    'What the file says already and does not name here stays.',
  args: [
    { name: 'KEY', summary: 'Key of the file', complete: Object.keys(CONFIG_KEYS) },
    {
      name: 'VALUE',
      summary: 'Its value; several for a list',
      variadic: true,
      complete: { byFirst: VALUES },
    },
  ],
  options: {},
  examples: [
    { command: 'boxlite config set cpus 2', what: 'New boxes get two CPUs' },
    {
      command: 'boxlite config set registryMirrors docker.io=https://mirror.lan',
      what: 'A mirror of Docker Hub',
    },
  ],
  async run(context, [name = '', ...words]) {
    const key = checkConfigKey(name);
    await setConfigKey(context, key, words);
    // Read before the change, to know what overrides the file.
    const origin = originOf(key, context.settings, context.environment);
    if (CONFIG_KEYS[key].type !== 'list' && /^(?:flag|environment) /.test(origin))
      warn(context, `${key} is written, but the ${origin} goes before the file`);
    return 0;
  },
});
