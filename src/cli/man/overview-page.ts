import { COMMANDS } from '../commands/index.js';
import { GLOBAL_OPTIONS } from '../config/settings.js';
import { GROUP_TITLES } from '../help/help.js';
import { optionBlocks, pageName, text } from './command-page.js';
import type { Block, Page } from './roff.js';

/** boxlite(1) */
export function overviewPage(): Page {
  return {
    name: 'boxlite',
    volume: 1,
    summary: 'run any OCI image in its own small virtual machine',
    sections: [
      {
        title: 'SYNOPSIS',
        body: [
          {
            kind: 'term',
            term: [
              ['bold', 'boxlite'],
              ['plain', ' [OPTIONS] '],
              ['italic', 'COMMAND'],
              ['plain', ' [ARG...]'],
            ],
            text: '',
          },
        ],
      },
      {
        title: 'DESCRIPTION',
        body: [
          text(
            'boxlite runs a command of an OCI image as docker does, but in a virtual machine of its own. ' +
              'There is no daemon, and neither root nor KVM is needed; KVM is used where it works. ' +
              'boxlite(7) explains what a box is and where everything is kept.',
          ),
          text(
            'Run boxlite setup once; it prepares kernel, first image and template. ' +
              'boxlite doctor shows what is missing.',
          ),
        ],
      },
      { title: 'COMMANDS', body: commands() },
      {
        title: 'GLOBAL OPTIONS',
        body: [
          text('They may stand before the command or behind it.'),
          ...optionBlocks(GLOBAL_OPTIONS),
        ],
      },
      {
        title: 'ENVIRONMENT',
        body: [
          ...variables().map(([name, what]): Block => ({
            kind: 'term',
            term: [['bold', name]],
            text: what,
          })),
        ],
      },
      {
        title: 'EXIT STATUS',
        body: [
          ['0', 'Success.'],
          ['1', 'A command failed; with several targets all are tried first.'],
          ['64', 'The template of --format is malformed.'],
          ['125', 'run, create, start or exec: BoxLite itself failed, or an option was wrong.'],
          ['126', 'The command in the box could not be invoked.'],
          ['127', 'The command was not found in the box.'],
          ['128+N', 'Signal number N ended the command.'],
        ].map(([status = '', what = '']): Block => ({
          kind: 'term',
          term: [['bold', status]],
          text: what,
        })),
      },
      {
        title: 'FILES',
        body: [
          {
            kind: 'term',
            term: [['italic', '~/.boxlite']],
            text: 'The home: boxes, images, templates.',
          },
          {
            kind: 'term',
            term: [['italic', '~/.boxlite/config.json']],
            text: 'The configuration; see boxlite-config(5).',
          },
        ],
      },
      {
        title: 'SEE ALSO',
        body: [text('boxlite-config(5), boxlite(7), boxlite-run(1), boxlite-doctor(1)')],
      },
    ],
  };
}

function commands(): Block[] {
  return Object.entries(GROUP_TITLES).flatMap(([group, title]): Block[] => [
    { kind: 'heading', text: title },
    ...COMMANDS.filter((entry) => entry.group === group && entry.hidden !== true).map(
      ({ name, summary }): Block => ({
        kind: 'term',
        term: [
          ['bold', pageName(name)],
          ['plain', '(1)'],
        ],
        text: `${summary}.`,
      }),
    ),
  ]);
}

function variables(): [name: string, what: string][] {
  return [
    ['BOXLITE_HOME', 'Directory that everything is kept in.'],
    ['BOXLITE_CONFIG', 'Configuration file.'],
    [
      'BOXLITE_NATIVE',
      'Directory of the native programs, where they are not those of this package.',
    ],
    ['BOXLITE_DEBUG', 'Anything but empty: show where an error came from.'],
    ['NO_COLOR', 'Anything but empty: no colours and no animation.'],
    [
      'DOCKER_CONFIG',
      "Directory of Docker's config.json, where logins are kept, and the proxies that new boxes get.",
    ],
    [
      'DOCKER_AUTH_CONFIG',
      "JSON with the auths of such a file; its registries' credentials come before those of file and helpers.",
    ],
    ['DOCKER_HOST', "Which of that file's proxies count, where not the default."],
    [
      'DOCKER_DEFAULT_PLATFORM',
      'Platform of images for run, create, pull and import, where --platform is not given.',
    ],
    ['HTTP_PROXY, HTTPS_PROXY, NO_PROXY', 'Proxies on the way to registries.'],
    [
      'BOXLITE_REGISTRY, BOXLITE_ACCEL, BOXLITE_QEMU, BOXLITE_KERNEL, …',
      'Settings; boxlite-config(5) has all of them.',
    ],
  ];
}
