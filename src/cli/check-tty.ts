import { BoxliteError } from '../errors.js';
import type { CommandContext } from './context.js';

/** A terminal for the command is one that somebody sits at. */
export function checkTty(context: CommandContext, tty: boolean): void {
  if (!tty || context.stdin.isTTY === true) return;
  throw new BoxliteError('invalid-argument', 'the input device is not a TTY', {
    hint: 'leave out -t where no terminal is, as in scripts and pipes',
  });
}
