import { CONFIG_KEYS } from '../../config/keys.js';
import { originOf, shownValue } from '../../config/origin.js';
import type { ConfigKey } from '../../config/settings.js';
import { oneOf } from '../../flags/number.js';
import { renderTable } from '../../output/table.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, value } from '../../parse/command.js';
import { print } from '../../process/context.js';

const FORMATS = ['table', 'json'] as const;

export const config = defineCommand({
  name: 'config',
  group: 'system',
  summary: 'Show the settings in force, and where each comes from',
  description:
    'A flag goes before its variable in the environment, that before the file, that before the\n' +
    "default; lists are added together in this order. What each key means: 'man boxlite-config'.",
  args: [],
  options: {
    format: value('table (default) or json', 'FORMAT', {
      parse: oneOf(FORMATS),
      complete: FORMATS,
    }),
  },
  examples: [
    { command: 'boxlite config', what: 'All of them' },
    { command: 'boxlite config set memory 1g', what: 'New boxes get 1 GiB' },
    { command: 'boxlite config set registries ghcr.io/myorg docker.io', what: 'A list' },
  ],
  async run(context, _args, { format }) {
    const { settings, environment } = context;
    const rows = (Object.keys(CONFIG_KEYS) as ConfigKey[]).map((key) => ({
      key,
      value: CONFIG_KEYS[key].effective(settings),
      text: shownValue(key, settings),
      from: originOf(key, settings, environment),
    }));
    if (format === 'json') {
      const all = rows.map(({ key, value, from }) => [key, { value: value ?? null, from }]);
      const report = { file: settings.sources.path, settings: Object.fromEntries(all) as object };
      await print(context, `${jsonText(report, 2)}\n`);
      return 0;
    }
    const table = await renderTable(
      ['KEY', 'VALUE', 'FROM'],
      rows.map(({ key, text, from }) => [key, text ?? '-', from]),
      {
        isTty: context.stdout.isTTY === true,
        ...(context.stdout.columns !== undefined && { width: context.stdout.columns }),
      },
    );
    await print(context, table);
    return 0;
  },
});
