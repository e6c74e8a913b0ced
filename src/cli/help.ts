/** Help, written from the definitions alone. */
import type { Argument, CommandDefinition, CommandGroup, Option, Options } from './command.js';
import type { CommandEntry } from './commands/index.js';

const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  boxes: 'Boxes',
  images: 'Images',
  system: 'System',
};

/** @param group word that the listed commands share: `image` lists `image ls`, …; default: all verbs */
export function renderOverview(
  commands: readonly CommandEntry[],
  options: Options,
  group?: string,
): string {
  const shown = commands.filter((entry) => entry.hidden !== true);
  const prefix = group === undefined ? '' : `${group} `;
  const nameOf = (entry: CommandEntry): string =>
    [entry.name, ...entry.aliases].find((name) => name.startsWith(prefix)) ?? entry.name;
  const groups = Object.entries(GROUP_TITLES).flatMap(([key, title]) => {
    const rows = shown
      .filter((entry) => entry.group === key && (group !== undefined || !entry.name.includes(' ')))
      .map((entry): Row => [nameOf(entry).slice(prefix.length), entry.summary]);
    return rows.length === 0 ? [] : [`${title}:\n${renderRows(rows)}`];
  });
  return [
    `Usage:  boxlite ${group === undefined ? '[OPTIONS] ' : prefix}COMMAND`,
    'Run any OCI image in its own small virtual machine',
    ...groups,
    `Global options:\n${renderRows(optionRows(options))}`,
    `Run 'boxlite ${prefix}COMMAND --help' for more about a command.\n`,
  ].join('\n\n');
}

export function renderCommandHelp(command: CommandDefinition): string {
  const options = optionRows(command.options);
  const args = command.args.filter((argument) => argument.summary !== '');
  const sections = [
    `Usage:  ${usageOf(command)}`,
    command.summary,
    command.description,
    aliasesOf(command),
    args.length > 0 &&
      `Arguments:\n${renderRows(args.map((each): Row => [each.name, each.summary]))}`,
    options.length > 0 && `Options:\n${renderRows(options)}`,
    command.examples.length > 0 &&
      `Examples:\n${renderRows(command.examples.map((each): Row => [each.command, each.what]))}`,
  ];
  const present = sections.filter((section) => typeof section === 'string');
  return `${present.join('\n\n')}\n`;
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

function optionRows(options: Options): Row[] {
  return Object.entries(options)
    .filter(([, option]) => option.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, option]): Row => [optionUsage(name, option), option.summary]);
}

function optionUsage(name: string, option: Option<unknown>): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  return `${short}--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`;
}

function renderRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join('\n');
}
