import { createInterface } from 'node:readline';
import { type CommandContext, print } from './context.js';

/** Asks before something is deleted. Only `y` or `Y` means yes; the end of stdin does not. */
export async function confirm(context: CommandContext, warning: string): Promise<boolean> {
  await print(context, `WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: context.stdin, terminal: false });
  try {
    for await (const line of lines) return /^y$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
