import { BoxCommand } from '../../../engine/exec/execution.js';
import type { TerminalSize } from '../../../engine/spec/options.js';
import { BoxliteError } from '../../../errors.js';
import { attach } from '../../attach/attach.js';
import { findBox } from '../../box/find-box.js';
import { parseDetachKeys } from '../../flags/detach-keys.js';
import { readEnvironment, splitPair } from '../../flags/key-values.js';
import { wholeNumber } from '../../flags/number.js';
import { defineCommand, flag, list, type OptionValues, value } from '../../parse/command.js';
import { usageError } from '../../parse/usage-error.js';
import { checkTty } from '../../process/check-tty.js';
import { type CommandContext, warn } from '../../process/context.js';

const OPTIONS = {
  interactive: flag('Keep stdin open for the command', { short: 'i' }),
  tty: flag('Give the command a terminal', { short: 't' }),
  detach: flag('Leave the command running, and print nothing', { short: 'd' }),
  env: list('Set a variable, or pass on the one of this name', 'KEY[=VALUE]', { short: 'e' }),
  'env-file': list('Read variables from a file', 'FILE', { complete: 'file' }),
  workdir: value('Directory the command starts in', 'PATH', { short: 'w', emptyIsNone: true }),
  user: value('User the command runs as', 'NAME|UID[:GROUP|GID]', {
    short: 'u',
    emptyIsNone: true,
  }),
  privileged: flag('Give the command every capability'),
  timeout: value('Seconds that the command may take; then it is ended', 'SECONDS', {
    parse: wholeNumber(1, 4_294_967),
  }),
  'detach-keys': value('Keys that detach from the command (default ctrl-p,ctrl-q)', 'KEYS', {
    emptyIsNone: true,
  }),
} as const;

export const exec = defineCommand({
  name: 'exec',
  group: 'boxes',
  summary: 'Run a command in a running box',
  description:
    'Its exit code is the exit status; 125 means that BoxLite itself failed, 126 that the command\n' +
    'could not be run, 127 that it was not found. Options end at BOX.',
  args: [
    { name: 'BOX', summary: 'Name or id', complete: 'running-box' },
    { name: 'COMMAND', summary: 'Command to run' },
    { name: 'ARG', summary: 'Its arguments', optional: true, variadic: true },
  ],
  options: OPTIONS,
  examples: [
    { command: 'boxlite exec -it web sh', what: 'A shell beside what runs there' },
    { command: 'boxlite exec -u nobody web id', what: 'As another user' },
  ],
  passThrough: true,
  failureStatus: 125,
  async run(context, [name = '', ...words], options) {
    // `--` is allowed but not needed: no word after BOX is parsed as our option.
    const [program, ...args] = words[0] === '--' ? words.slice(1) : words;
    if (program === undefined) throw usageError('exec needs a command to run', 'exec');
    const { tty, interactive: stdin } = options;
    if (!options.detach) checkTty(context, { tty, stdin });
    const detachKeys = parseDetachKeys(options['detach-keys'] ?? context.settings.detachKeys);
    const command = buildCommand(context, program, args, options);
    const box = await findBox(await context.runtime(), name);
    if (options.detach) {
      await box.execDetached(withTerminal(command, tty, undefined));
      return 0;
    }
    const hint = `the command may still run: 'boxlite top ${name}' shows it`;
    return await attach(
      context,
      { tty, stdin, sigProxy: true, detachKeys, hint },
      (terminal, signal) => box.exec(withTerminal(command, tty, terminal), { signal }),
    );
  },
});

function buildCommand(
  context: CommandContext,
  program: string,
  args: readonly string[],
  options: OptionValues<typeof OPTIONS>,
): BoxCommand {
  if (program === '') throw new BoxliteError('exec-not-found', 'the command has no name');
  const command = new BoxCommand(program).args([...args]).stdin(options.interactive);
  const variables = readEnvironment(options['env-file'], options.env, context.environment, (name) =>
    warn(context, `variable ${name} is not set and was left out`),
  );
  for (const variable of variables)
    if (variable.includes('=')) command.env(...splitPair(variable));
    else command.unsetEnv(variable);
  if (options.workdir !== undefined) command.workingDir(options.workdir);
  if (options.user !== undefined) command.user(options.user);
  command.privileged(options.privileged);
  if (options.timeout !== undefined) command.timeout(options.timeout * 1000);
  return command;
}

function withTerminal(
  command: BoxCommand,
  tty: boolean,
  size: TerminalSize | undefined,
): BoxCommand {
  return tty ? command.tty(size) : command;
}
