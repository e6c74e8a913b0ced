import { spawnSync } from 'node:child_process';
import type { CommandContext, InputStream } from '../process/context.js';
import type { TerminalUse } from './foreground.js';

/**
 * Keys go to the box one by one, Ctrl-C included, until the result is disposed of. The terminal is
 * put back on every way out of the process, a crash too: a shell without echo helps nobody.
 */
export function rawMode({
  stdin,
  inBackground,
}: Pick<CommandContext, 'stdin' | 'inBackground'>): Omit<TerminalUse, 'pause'> | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  const setRawMode = stdin.setRawMode.bind(stdin);
  let raw = false;
  const restore = (): void => {
    // A shell that has the terminal has set its own mode, and the change would stop this process.
    if (raw && !inBackground()) setRawMode(false);
    raw = false;
  };
  // A terminal that was closed meanwhile can't be put back.
  stdin.on('error', () => undefined);
  return {
    begin() {
      // Node does nothing when it takes the terminal to be in this mode.
      if (raw) setRawMode(false);
      else process.on('exit', restore);
      raw = true;
      setRawMode(true);
      leaveOutputAlone(stdin);
    },
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      restore();
    },
  };
}

/**
 * Node's raw mode still turns each line feed of the output into two characters. The box's terminal
 * has done that already, or a full-screen program there has turned it off. `restore` puts this back
 * as well, since it writes the whole of what the terminal was.
 */
function leaveOutputAlone({ fd }: InputStream): void {
  if (fd === undefined) return;
  // Without the program lines end in CR CR LF, which most screens show as they should.
  spawnSync('stty', ['-opost'], { stdio: [fd, 'ignore', 'ignore'] });
}
