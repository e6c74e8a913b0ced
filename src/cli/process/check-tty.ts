import { BoxliteError } from '../../errors.js';
import type { CommandContext } from './context.js';

/** A command with a terminal needs its input from a terminal; its output may go anywhere. */
export function checkTty(context: CommandContext, streams: { tty: boolean; stdin: boolean }): void {
  if (!streams.tty || !streams.stdin || context.stdin.isTTY === true) return;
  throw new BoxliteError('invalid-argument', 'the input device is not a TTY', {
    hint: 'leave out -i or -t where no terminal is, as in scripts and pipes',
  });
}
