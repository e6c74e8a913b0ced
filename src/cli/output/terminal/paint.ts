import type { OutputStream } from '../../process/context.js';

export interface Paint {
  heading: (text: string) => string;
  /** Text that the user can type. */
  code: (text: string) => string;
  faint: (text: string) => string;
  good: (text: string) => string;
  warning: (text: string) => string;
  bad: (text: string) => string;
}

const same = (text: string): string => text;

export const PLAIN: Paint = {
  heading: same,
  code: same,
  faint: same,
  good: same,
  warning: same,
  bad: same,
};

/** Uses colours only if a person is watching and has not refused them. */
export async function openPaint(stream: OutputStream, color: boolean): Promise<Paint> {
  if (stream.isTTY !== true || !color) return PLAIN;
  const { Chalk } = await import('chalk');
  // Only the sixteen colours, which the user's own theme makes readable.
  const chalk = new Chalk({ level: 1 });
  return {
    heading: (text) => chalk.bold(text),
    code: (text) => chalk.cyan(text),
    faint: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    warning: (text) => chalk.yellow(text),
    bad: (text) => chalk.red(text),
  };
}
