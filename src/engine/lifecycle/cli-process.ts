import type { EngineContext } from '../state/context.js';

/**
 * The argv to run the CLI as a separate process with this home and accelerator: that process inherits the
 * environment, but not the caller's flags.
 */
export function cliProcess(
  { home, host, cliCommand }: EngineContext,
  ...words: readonly string[]
): string[] {
  const { accelerator } = host.options;
  return [...cliCommand(), '--home', home.root, '--accel', accelerator, ...words];
}
