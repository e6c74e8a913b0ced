/** Renders help from the commands' definitions alone. */
import type { CommandEntry } from '../commands/index.js';
import { type Paint, PLAIN } from '../output/terminal/paint.js';
import { wrapText } from '../output/terminal/wrap.js';
import type {
  Argument,
  CommandDefinition,
  CommandGroup,
  Option,
  Options,
} from '../parse/command.js';
import { optionGroups } from '../parse/option-groups.js';
import type { OutputStream } from '../process/context.js';

export const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  boxes: 'Boxes',
  images: 'Images',
  networks: 'Networks',
  volumes: 'Volumes',
  system: 'System',
};

/** The layout of help. */
export interface Sheet {
  /** Columns to fill; longer lines are hard to read. */
  readonly width: number;
  readonly paint: Paint;
}

const WIDEST = 110;
const AWAY_FROM_TERMINALS: Sheet = { width: 100, paint: PLAIN };

export function sheetFor(stream: OutputStream, paint: Paint): Sheet {
  if (stream.isTTY !== true) return AWAY_FROM_TERMINALS;
  return { width: Math.min(stream.columns ?? 80, WIDEST), paint };
}

/** @param group word that the listed commands share: `image` lists `image ls`, …; default: all verbs */
export function renderOverview(
  commands: readonly CommandEntry[],
  options: Options,
  group?: string,
  sheet: Sheet = AWAY_FROM_TERMINALS,
): string {
  const shown = commands.filter((entry) => entry.hidden !== true);
  const prefix = group === undefined ? '' : `${group} `;
  const nameOf = (entry: CommandEntry): string =>
    [entry.name, ...entry.aliases].find((name) => name.startsWith(prefix)) ?? entry.name;
  const sections = Object.entries(GROUP_TITLES).flatMap(([key, title]): Section[] => {
    const rows = shown
      .filter((entry) => entry.group === key)
      .map((entry): Row => [nameOf(entry).slice(prefix.length), entry.summary]);
    return rows.length === 0 ? [] : [{ title, rows }];
  });
  const all = [...sections, ...optionSections(options, 'Global options')];
  return [
    usageLine(`boxlite ${group === undefined ? '[OPTIONS] ' : prefix}COMMAND`, sheet),
    wrapText(GROUP_SUMMARIES[group ?? ''] ?? SUMMARY, sheet.width).join('\n'),
    ...all.map((section) => renderSection(section, sheet)),
    `${wrapText(
      `Run 'boxlite ${prefix}COMMAND --help' for more about a command.`,
      sheet.width,
    ).join('\n')}\n`,
  ].join('\n\n');
}

const SUMMARY = 'Run any OCI image in its own small virtual machine';

const GROUP_SUMMARIES: Readonly<Record<string, string>> = {
  box: 'Manage boxes',
  container: 'Manage boxes',
  image: 'Manage images',
  network: 'Manage the networks that boxes share, and what a box reaches',
  system: 'Manage BoxLite',
  volume: 'Manage the volumes that outlive boxes',
};

export function renderCommandHelp(
  command: CommandDefinition,
  sheet: Sheet = AWAY_FROM_TERMINALS,
): string {
  const args = command.args.filter((argument) => argument.summary !== '');
  const sections: Section[] = [
    { title: 'Arguments', rows: args.map((each): Row => [each.name, each.summary]) },
    ...optionSections(command.options, 'Options'),
  ];
  const text = (each: string | undefined): string[] =>
    each === undefined ? [] : [wrapText(each, sheet.width).join('\n')];
  const present = [
    usageLine(usageOf(command), sheet),
    ...text(command.summary),
    ...text(command.description),
    ...text(aliasesOf(command)),
    ...sections
      .filter(({ rows }) => rows.length > 0)
      .map((section) => renderSection(section, sheet)),
    ...(command.examples.length > 0 ? [renderExamples(command, sheet)] : []),
    ...text(`Global options are listed by 'boxlite --help'.`),
  ];
  return `${present.join('\n\n')}\n`;
}

function usageLine(usage: string, { width, paint }: Sheet): string {
  const [first = '', ...more] = wrapText(usage, Math.max(width - 8, 1));
  return [`${paint.heading('Usage:')}  ${first}`, ...more.map((line) => `        ${line}`)].join(
    '\n',
  );
}

/** Prints the example's line below its description, so that it can be copied whatever its length. */
function renderExamples({ examples }: CommandDefinition, { width, paint }: Sheet): string {
  const lines = examples.flatMap(({ command, what }) => [
    ...wrapText(`# ${what}`, width - 2).map((line) => `  ${paint.faint(line)}`),
    `  ${paint.code(command)}`,
  ]);
  return [paint.heading('Examples:'), ...lines].join('\n');
}

/** `boxlite run [OPTIONS] IMAGE [COMMAND] [ARG...]` */
export function usageOf(command: CommandDefinition): string {
  const visible = Object.values(command.options).some((option) => option.hidden !== true);
  const options = visible ? ['[OPTIONS]'] : [];
  return ['boxlite', command.name, ...options, ...command.args.map(argumentUsage)].join(' ');
}

function argumentUsage({ name, optional, variadic }: Argument): string {
  if (variadic !== true) return optional === true ? `[${name}]` : name;
  return optional === true ? `[${name}...]` : `${name} [${name}...]`;
}

function aliasesOf(command: CommandDefinition): string | undefined {
  if (command.aliases === undefined) return undefined;
  return `Aliases: ${command.aliases.map((alias) => `boxlite ${alias}`).join(', ')}`;
}

type Row = readonly [left: string, right: string];

interface Section {
  title: string;
  rows: readonly Row[];
}

/** @param title heading for the options that have none */
function optionSections(options: Options, title: string): Section[] {
  return optionGroups(options).map(({ heading, options: members }) => ({
    title: heading === undefined ? title : `${heading} options`,
    rows: members.map(([name, option]): Row => [optionUsage(name, option), option.summary]),
  }));
}

function optionUsage(name: string, option: Option<unknown>): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `${short}--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`;
}

const GAP = 3;
/** Least width of the right column; if there is less, its text goes below the left one. */
const LEAST_RIGHT = 30;

function renderSection({ title, rows }: Section, { width, paint }: Sheet): string {
  const longest = Math.max(...rows.map(([left]) => left.length));
  const rightWidth = width - 2 - longest - GAP;
  const lines = rows.flatMap(([left, right]) => {
    if (rightWidth < LEAST_RIGHT)
      return [
        `  ${paint.code(left.trim())}`,
        ...wrapText(right, Math.max(width - 6, 1)).map((line) => `      ${line}`),
      ];
    const [first = '', ...more] = wrapText(right, rightWidth);
    const pad = ' '.repeat(longest - left.length + GAP);
    const indent = ' '.repeat(2 + longest + GAP);
    return [`  ${paint.code(left)}${pad}${first}`, ...more.map((line) => indent + line)];
  });
  return [paint.heading(`${title}:`), ...lines].join('\n');
}
