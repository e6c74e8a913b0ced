import type { CommandContext } from './context.js';

/** What a command's context is made of before the settings are known. */
export type World = Pick<
  CommandContext,
  'environment' | 'stdin' | 'stdout' | 'stderr' | 'signals' | 'now'
>;

/** This process' own streams, environment, signals and clock. */
export function createWorld(): World {
  return {
    environment: process.env,
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    signals: process,
    now: () => new Date(),
  };
}
