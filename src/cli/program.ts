import type { BoxliteRuntime } from '../engine/runtime.js';
import { BoxliteError } from '../errors.js';
import { findCommand } from './commands/find-command.js';
import { type CommandEntry, COMMANDS } from './commands/index.js';
import { longFormMembers } from './commands/long-forms.js';
import {
  GLOBAL_OPTIONS,
  type GlobalValues,
  readSettings,
  runtimeOptions,
  type Settings,
  wantsColor,
} from './config/settings.js';
import type { Sheet } from './help/help.js';
import { VERSION } from './help/version.js';
import { closest } from './parse/closest.js';
import { flag } from './parse/command.js';
import { DOCKER_GLOBALS } from './parse/docker-globals.js';
import { type Grammar, isList, parseArguments } from './parse/parse-arguments.js';
import { usageError } from './parse/usage-error.js';
import { type CommandContext, warn } from './process/context.js';
import type { World } from './process/world.js';

/** Opens the engine; a test passes its own. */
export type OpenRuntime = (
  settings: Settings,
  onNotice: (message: string) => void,
) => Promise<BoxliteRuntime>;

const PROGRAM: Grammar = {
  name: '',
  args: [{ name: 'COMMAND', summary: '', optional: true, variadic: true }],
  options: {
    ...GLOBAL_OPTIONS,
    ...DOCKER_GLOBALS,
    version: flag('Print the version', { short: 'v' }),
  },
  passThrough: true,
};

/** An error before the verb gets Docker's status for `run`, since a `run` may follow. */
const GLOBAL_FAILURE = 125;
const FAILED = 1;

/**
 * Runs a command line: global options, a verb, and the verb's own arguments.
 * @param onFailureStatus receives the exit status for failures from this point on
 * @returns the exit status
 */
export async function runProgram(
  argv: readonly string[],
  world: World,
  onFailureStatus: (status: number) => void,
  openRuntime: OpenRuntime = openEngine,
): Promise<number> {
  onFailureStatus(GLOBAL_FAILURE);
  const program = await parseArguments(PROGRAM, argv);
  const logLevel = program.options['log-level'];
  if (program.options.debug === true || logLevel === 'debug') world.onDebug?.();
  onFailureStatus(FAILED);
  if (program.options.version === true) {
    world.stdout.write(`boxlite version ${VERSION}\n`);
    return 0;
  }
  const asksHelp = program.help || program.args[0] === 'help';
  const words = program.args[0] === 'help' ? program.args.slice(1) : program.args;
  if (words.length === 0) {
    const { renderOverview } = await import('./help/help.js');
    const sheet = await openSheet(world, program.options);
    world.stdout.write(renderOverview(COMMANDS, GLOBAL_OPTIONS, undefined, sheet));
    return 0;
  }
  const found = findCommand(words);
  // Docker's `config` is a different verb, and `config ls` would be read as ours with an argument.
  if (found === undefined || words[0] === 'config') await refuseDockersVerb(words);
  if (found === undefined)
    return explainGroup(words, world, await openSheet(world, program.options));

  const command = await found.entry.load();
  onFailureStatus(command.failureStatus ?? FAILED);
  // The global options are also allowed after the verb.
  const grammar: Grammar = { ...command, options: { ...GLOBAL_OPTIONS, ...command.options } };
  const parsed = await parseArguments(grammar, [...(asksHelp ? ['--help'] : []), ...found.rest]);
  if (parsed.help) {
    const { renderCommandHelp } = await import('./help/help.js');
    const sheet = await openSheet(world, program.options, parsed.given);
    world.stdout.write(renderCommandHelp(command, sheet));
    return 0;
  }
  const flags = mergeGlobals(program.options, parsed);
  if (flags.debug) world.onDebug?.();
  const quiet = logLevel !== undefined && logLevel !== 'debug' && logLevel !== 'info';
  const context = createContext(world, flags, openRuntime, quiet);
  return (await command.run(context, parsed.args, parsed.options)) ?? 0;
}

/** Uses the terminal's width; does not read the configuration, since help must not fail. */
async function openSheet(
  { stdout, environment }: World,
  before: Readonly<Record<string, unknown>>,
  behind: ReadonlySet<string> = new Set(),
): Promise<Sheet> {
  const [{ sheetFor }, { openPaint }] = await Promise.all([
    import('./help/help.js'),
    import('./output/terminal/paint.js'),
  ]);
  const refused = before['no-color'] === true || behind.has('no-color');
  return sheetFor(stdout, await openPaint(stdout, wantsColor(refused, environment)));
}

function mergeGlobals(
  before: Readonly<Record<string, unknown>>,
  behind: { options: Readonly<Record<string, unknown>>; given: ReadonlySet<string> },
): GlobalValues {
  const merged: Record<string, unknown> = { ...before };
  for (const name of Object.keys(GLOBAL_OPTIONS)) {
    if (!behind.given.has(name)) continue;
    const [first, second] = [before[name], behind.options[name]];
    merged[name] = isList(first) && isList(second) ? [...first, ...second] : second;
  }
  return merged as GlobalValues;
}

/** @param quiet omits progress notices */
function createContext(
  world: World,
  flags: GlobalValues,
  openRuntime: OpenRuntime,
  quiet: boolean,
): CommandContext {
  const settings = readSettings(flags, world.environment);
  const notice = (message: string): void => {
    if (!quiet) warn(world, message);
  };
  let opened: Promise<BoxliteRuntime> | undefined;
  // A spread would touch every stream.
  return Object.create(world, {
    settings: { value: settings },
    runtime: { value: () => (opened ??= openRuntime(settings, notice)) },
  }) as CommandContext;
}

async function openEngine(
  settings: Settings,
  onNotice: (message: string) => void,
): Promise<BoxliteRuntime> {
  const { BoxliteRuntime } = await import('../engine/runtime.js');
  return new BoxliteRuntime(runtimeOptions(settings, onNotice));
}

/** `boxlite image` alone lists the group's verbs; any other word is an error. */
async function explainGroup(words: readonly string[], world: World, sheet: Sheet): Promise<number> {
  const [word = '', second] = words;
  const members = [
    ...longFormMembers(word, COMMANDS),
    ...COMMANDS.filter((entry) => namesOf(entry).some((name) => name.startsWith(`${word} `))),
  ];
  if (members.length === 0) throw unknownCommand(word, COMMANDS.flatMap(namesOf), '');
  if (second !== undefined && !second.startsWith('-'))
    throw unknownCommand(`${word} ${second}`, members.flatMap(namesOf), word);
  const { renderOverview } = await import('./help/help.js');
  world.stdout.write(renderOverview(members, GLOBAL_OPTIONS, word, sheet));
  return 0;
}

/** @throws BoxliteError for one of Docker's verbs that BoxLite lacks */
async function refuseDockersVerb(words: readonly string[]): Promise<void> {
  const { insteadOf } = await import('./parse/refused-verbs.js');
  const refused = insteadOf(words);
  if (refused === undefined) return;
  throw new BoxliteError('unsupported', `'${refused.verb}' is not a boxlite command`, {
    hint: refused.instead,
  });
}

function namesOf(entry: CommandEntry): string[] {
  return entry.hidden === true ? [] : [entry.name, ...entry.aliases];
}

function unknownCommand(word: string, names: readonly string[], group: string): BoxliteError {
  const meant = closest(word, names);
  const hint = meant === undefined ? '' : `Did you mean '${meant}'? `;
  return usageError(`'${word}' is not a boxlite command`, group, hint);
}
