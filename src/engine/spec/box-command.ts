import { BoxliteError } from '../../errors.js';
import {
  type Environment,
  environmentEntries,
  environmentEntry,
  withoutNul,
} from './environment.js';
import type { TerminalSize } from './options.js';

/** A length of time: milliseconds, or its parts, of which a `Temporal.Duration` has these. */
export type Duration =
  | number
  | {
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const DEFAULT_TERMINAL: TerminalSize = { rows: 24, cols: 80 };

/** What the wire holds: 49 days. */
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
  /** `NAME=VALUE`, besides those of the box; `NAME` alone takes the box's away. */
  readonly variables: string[] = [];
  /** 0: none. */
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

  /** One more argument, passed on as it is: no shell looks at it. */
  arg(argument: string): this {
    this.argv.push(withoutNul(argument));
    return this;
  }

  args(list: Iterable<string>): this {
    for (const argument of list) this.arg(argument);
    return this;
  }

  /** Sets a variable, over the box's own of that name. @throws invalid-argument */
  env(name: string, value: string): this;
  /** Sets several, and takes away those that are `undefined`. @throws invalid-argument */
  env(variables: Environment): this;
  env(given: string | Environment, value?: string): this {
    const entries =
      typeof given === 'string' ? [environmentEntry(given, value)] : environmentEntries(given);
    this.variables.push(...entries);
    return this;
  }

  /** Takes away a variable that the box or an earlier `env` has set. @throws invalid-argument */
  unsetEnv(name: string): this {
    this.variables.push(environmentEntry(name, undefined));
    return this;
  }

  /**
   * After so long the command's process group gets TERM, and KILL 2 s later; `ExecResult.timedOut` says
   * so. The result comes when none of the group is left. What has made a session of its own (`setsid`)
   * is not in the group.
   * @param duration milliseconds, or `{ minutes: 5 }` and its like; 0 for no limit
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

  /** Where the command starts; made when missing. */
  workingDir(path: string): this {
    this.directory = withoutNul(path);
    return this;
  }

  /** NAME|UID[:GROUP|GID], resolved inside the image. */
  user(user: string): this {
    this.runAs = withoutNul(user);
    return this;
  }

  /** Every capability, whatever the box has, and no filter of system calls. */
  privileged(on = true): this {
    this.isPrivileged = on;
    return this;
  }

  /** Gives the command a terminal (24 × 80); its stderr is then part of its stdout. */
  tty(size: TerminalSize | boolean = true): this {
    this.terminal = typeof size === 'object' ? size : size ? DEFAULT_TERMINAL : undefined;
    return this;
  }

  /** Without stdin the command reads /dev/null. */
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
