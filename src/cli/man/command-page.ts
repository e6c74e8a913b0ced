import type { Argument, CommandDefinition, Option, Options } from '../parse/command.js';
import { optionGroups } from '../parse/option-groups.js';
import type { Block, Inline, Page, Section } from './roff.js';

/** `boxlite-image-prune` for `image prune`. */
export function pageName(command: string): string {
  return `boxlite-${command.replaceAll(' ', '-')}`;
}

export function commandPage(command: CommandDefinition): Page {
  const { name, description, args, options, aliases, examples, failureStatus } = command;
  const described = args.filter(({ summary }) => summary !== '');
  return {
    name: pageName(name),
    volume: 1,
    summary: lowerFirst(command.summary),
    sections: [
      { title: 'SYNOPSIS', body: [synopsis(command), ...(aliases ?? []).map(alias)] },
      {
        title: 'DESCRIPTION',
        body: [
          text(`${command.summary}.`),
          ...(description === undefined ? [] : [text(description)]),
        ],
      },
      { title: 'ARGUMENTS', body: described.map(argument) },
      { title: 'OPTIONS', body: optionBlocks(options) },
      { title: 'EXIT STATUS', body: [text(exitStatus(failureStatus))] },
      {
        title: 'EXAMPLES',
        body: examples.flatMap(({ command: line, what }): Block[] => [
          text(`${what}:`),
          { kind: 'code', lines: [line] },
        ]),
      },
      {
        title: 'SEE ALSO',
        body: [text('boxlite(1), boxlite-config(5), boxlite(7)')],
      },
    ].filter((section: Section) => section.body.length > 0),
  };
}

export function optionBlocks(options: Options): Block[] {
  return optionGroups(options).flatMap(({ heading, options: members }): Block[] => [
    ...(heading === undefined ? [] : [{ kind: 'heading', text: `${heading} options` } as const]),
    ...members.map(([name, option]): Block => ({
      kind: 'term',
      term: optionTerm(name, option),
      text: `${option.summary}${repeats(option)}.`,
    })),
  ]);
}

function optionTerm(name: string, { short, placeholder }: Option<unknown>): Inline {
  const long = `--${name}`;
  return [
    ['bold', short === undefined ? long : `-${short}`],
    ...(short === undefined
      ? []
      : ([
          ['plain', ', '],
          ['bold', long],
        ] as const)),
    ...(placeholder === undefined
      ? []
      : ([
          ['plain', ' '],
          ['italic', placeholder],
        ] as const)),
  ];
}

function repeats({ repeatable }: Option<unknown>): string {
  return repeatable ? '; may be given several times' : '';
}

function synopsis({ name, options, args }: CommandDefinition): Block {
  const some = Object.values(options).some(({ hidden }) => hidden !== true);
  return {
    kind: 'term',
    term: [
      ['bold', `boxlite ${name}`],
      ['plain', some ? ' [OPTIONS]' : ''],
      ...args.flatMap(operand),
    ],
    text: '',
  };
}

function operand({ name, optional, variadic }: Argument): Inline {
  const more = variadic === true ? '...' : '';
  if (optional === true)
    return [
      ['plain', ' ['],
      ['italic', name],
      ['plain', `${more}]`],
    ];
  const first = [
    ['plain', ' '],
    ['italic', name],
  ] as const;
  return variadic === true
    ? [...first, ['plain', ' ['], ['italic', name], ['plain', '...]']]
    : first;
}

function alias(name: string): Block {
  return {
    kind: 'term',
    term: [
      ['bold', `boxlite ${name}`],
      ['plain', ' ...'],
    ],
    text: '',
  };
}

function argument({ name, summary }: Argument): Block {
  return { kind: 'term', term: [['italic', name]], text: `${summary}.` };
}

function exitStatus(failureStatus: number | undefined): string {
  if (failureStatus === undefined)
    return '0 on success, 1 when something failed, which is said on stderr.';
  return (
    "The command's own; 125 when BoxLite itself failed, 126 when the command could not be invoked, " +
    '127 when it was not found, 128 and the number of the signal that ended it.'
  );
}

export function text(words: string): Block {
  return { kind: 'text', text: words };
}

function lowerFirst(words: string): string {
  return /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words;
}
