import { BoxliteError } from '../../errors.js';
import {
  type Environment,
  environmentEntries,
  environmentEntry,
  withoutNul,
} from './environment.js';
import type { TerminalSize } from './options.js';

/** A duration: milliseconds, or an object with these parts, such as a `Temporal.Duration`. */
export type Duration =
  | number
  | {
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** The protocol's limit: 49 days. */
const LONGEST_TIMEOUT_MS = 2 ** 32 - 1;

/**
 * A command for `LiteBox.exec`, built step by step. Each step changes this command and returns it.
 *
 * ```ts
 * new BoxCommand('python3').args(['-c', 'print(1)']).env('LANG', 'C').timeout(30_000)
 * ```
 */
export class BoxCommand {
  readonly argv: string[];
  /** `NAME=VALUE`, in addition to the box's; `NAME` alone removes the box's. */
  readonly variables: string[] = [];
  /** Milliseconds; 0: no limit. */
  timeoutMs = 0;
  /** undefined: the box's own. */
  directory: string | undefined;
  /** undefined: the box's own. */
  runAs: string | undefined;
  /** undefined: no terminal. */
  terminal: TerminalSize | undefined;
  stdinOpen = true;
  isPrivileged = false;

  /** @param program a path, or a name looked up in the box's PATH */
  constructor(program: string) {
    this.argv = [withoutNul(program)];
  }

  /** Adds an argument, passed unchanged; no shell interprets it. */
  arg(argument: string): this {
    this.argv.push(withoutNul(argument));
    return this;
  }

  args(list: Iterable<string>): this {
    for (const argument of list) this.arg(argument);
    return this;
  }

  /** Sets a variable; overrides the box's own. @throws invalid-argument */
  env(name: string, value: string): this;
  /** Sets several variables, and removes those that are `undefined`. @throws invalid-argument */
  env(variables: Environment): this;
  env(given: string | Environment, value?: string): this {
    const entries =
      typeof given === 'string' ? [environmentEntry(given, value)] : environmentEntries(given);
    this.variables.push(...entries);
    return this;
  }

  /** Removes a variable that the box or an earlier `env` has set. @throws invalid-argument */
  unsetEnv(name: string): this {
    this.variables.push(environmentEntry(name, undefined));
    return this;
  }

  /**
   * After this time the command's process group receives TERM, and KILL 2 s later; `ExecResult.timedOut` is
   * true then. `wait` resolves when the whole group has ended. A process with its own session (`setsid`) is
   * not in the group.
   * @param duration milliseconds, or an object such as `{ minutes: 5 }`; 0: no limit
   * @throws invalid-argument
   */
  timeout(duration: Duration): this {
    const ms = Math.ceil(milliseconds(duration));
    if (!(ms >= 0 && ms <= LONGEST_TIMEOUT_MS))
      throw new BoxliteError(
        'invalid-argument',
        `a time-out must be from 0 to ${LONGEST_TIMEOUT_MS} ms, not ${ms}`,
      );
    this.timeoutMs = ms;
    return this;
  }

  /** Sets the working directory, an absolute path; it is created if missing. */
  workingDir(path: string): this {
    this.directory = withoutNul(path);
    return this;
  }

  /** Sets the user: NAME|UID[:GROUP|GID], resolved inside the image. */
  user(user: string): this {
    this.runAs = withoutNul(user);
    return this;
  }

  /** Gives the command every capability, whatever the box has, and no system call filter. */
  privileged(on = true): this {
    this.isPrivileged = on;
    return this;
  }

  /** Gives the command a terminal (24 × 80); its stderr then goes to its stdout. */
  tty(size: TerminalSize | boolean = true): this {
    this.terminal = typeof size === 'object' ? size : size ? DEFAULT_TERMINAL : undefined;
    return this;
  }

  /** Whether the command has a stdin; without one it reads /dev/null. */
  stdin(open: boolean): this {
    this.stdinOpen = open;
    return this;
  }
}

function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  const { hours = 0, minutes = 0, seconds = 0, milliseconds: ms = 0 } = duration;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}
