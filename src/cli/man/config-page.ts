import { CONFIG_KEYS, type ConfigKeyDetails, variableOf } from '../config/keys.js';
import type { ConfigKey } from '../config/settings.js';
import { text } from './command-page.js';
import type { Block, Page } from './roff.js';

/** boxlite-config(5) */
export function configPage(): Page {
  return {
    name: 'boxlite-config',
    volume: 5,
    summary: 'configuration file of boxlite',
    sections: [
      {
        title: 'SYNOPSIS',
        body: [{ kind: 'term', term: [['italic', '~/.boxlite/config.json']], text: '' }],
      },
      {
        title: 'DESCRIPTION',
        body: [
          text(
            'One JSON object. An option on the command line goes before its variable in the environment, ' +
              'that before the file, that before the default; lists are added together in this order. ' +
              'A key that is not known is an error, so that a slip of the pen is noticed.',
          ),
          text(
            '--config or BOXLITE_CONFIG name another file, --home or BOXLITE_HOME another home. ' +
              'boxlite config shows what is in force and why; boxlite config set and unset change the file.',
          ),
        ],
      },
      {
        title: 'KEYS',
        body: Object.entries(CONFIG_KEYS).map(([key, details]): Block => ({
          kind: 'term',
          term: [
            ['bold', key],
            ['plain', ` (${TYPES[details.type]})`],
          ],
          text: meaning(details, variableOf(key as ConfigKey)),
        })),
      },
      {
        title: 'EXAMPLES',
        body: [
          {
            kind: 'code',
            lines: [
              '{',
              '  "registries": ["ghcr.io/myorg", "docker.io"],',
              '  "memory": "1g",',
              '  "cpus": 2',
              '}',
            ],
          },
        ],
      },
      { title: 'SEE ALSO', body: [text('boxlite(1), boxlite-config(1), boxlite(7)')] },
    ],
  };
}

const TYPES: Readonly<Record<ConfigKeyDetails['type'], string>> = {
  text: 'string',
  list: 'list of strings',
  number: 'number',
  size: 'size, a string such as "512m" or "10g"',
  mirrors: 'object: a list of URLs for each registry',
};

function meaning(
  { summary, flag, initial, example }: ConfigKeyDetails,
  variable: string | undefined,
): string {
  return [
    `${summary}.`,
    ...(initial === undefined ? [] : [`Default: ${initial}.`]),
    ...(flag === undefined ? [] : [`Option: --${flag}.`]),
    ...(variable === undefined ? [] : [`Environment: ${variable}.`]),
    `Example: ${example}`,
  ].join(' ');
}
