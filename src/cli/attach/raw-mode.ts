import { spawnSync } from 'node:child_process';
import type { CommandContext, InputStream } from '../process/context.js';
import type { TerminalUse } from './foreground.js';

type RawMode = Required<Omit<TerminalUse, 'pause'>>;

/**
 * Sends keys to the box one by one, Ctrl-C included, until the result is disposed of. The terminal is
 * restored on every exit from the process, even a crash: nobody can use a shell without echo.
 */
export function rawMode({
  stdin,
  inBackground,
}: Pick<CommandContext, 'stdin' | 'inBackground'>): RawMode | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  const setRawMode = stdin.setRawMode.bind(stdin);
  let raw = false;
  const restore = (): void => {
    // If a shell has the terminal, it has set its own mode, and changing that would stop this process.
    if (raw && !inBackground()) setRawMode(false);
    raw = false;
  };
  const release = (): void => {
    process.off('exit', restore);
    restore();
  };
  // A terminal that has been closed can't be restored.
  stdin.on('error', () => undefined);
  return {
    begin() {
      // Node does nothing when it believes that the terminal is already in this mode, as it does after a stop.
      if (stdin.isRaw === true) setRawMode(false);
      if (!raw) process.on('exit', restore);
      raw = true;
      setRawMode(true);
      leaveOutputAlone(stdin);
    },
    release,
    [Symbol.dispose]: release,
  };
}

/**
 * In Node's raw mode, the terminal still turns each line feed of the output into two characters. The box's
 * terminal has already done that, or a full-screen program in the box has turned it off. `restore` undoes
 * this too, since it restores the complete terminal mode.
 */
function leaveOutputAlone({ fd }: InputStream): void {
  if (fd === undefined) return;
  // If `stty` is missing, lines end in CR CR LF, which most terminals show correctly.
  spawnSync('stty', ['-opost'], { stdio: [fd, 'ignore', 'ignore'] });
}
