import { asLine } from '../../../terminal-text.js';
import type { CommandContext } from '../../process/context.js';

/** A moving line on stderr if a person is watching; otherwise it does nothing. */
export interface Spinner {
  show(text: string): void;
  /** Writes lines without mixing them with the moving one. */
  over(write: () => void): void;
  stop(): void;
}

const NOTHING: Spinner = {
  show: () => undefined,
  over: (write) => write(),
  stop: () => undefined,
};

export async function openSpinner(context: CommandContext): Promise<Spinner> {
  if (context.stderr.isTTY !== true || !context.settings.color) return NOTHING;
  const { default: ora } = await import('ora');
  // Keys typed meanwhile belong to the box, so stdin is left alone.
  const spinner = ora({ stream: context.stderr, discardStdin: false });
  return {
    show: (text) => {
      // The text may repeat output of a program or a guest.
      spinner.text = asLine(text);
      if (!spinner.isSpinning) spinner.start();
    },
    over: (write) => {
      spinner.clear();
      write();
      if (spinner.isSpinning) spinner.render();
    },
    stop: () => void spinner.stop(),
  };
}
