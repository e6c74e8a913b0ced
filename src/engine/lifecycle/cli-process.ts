import type { EngineContext } from '../state/context.js';

/**
 * The argv of the CLI as a process of its own, on this home and with this accelerator: the caller's flags, where the
 * process has only the environment.
 */
export function cliProcess(
  { home, host, cliCommand }: EngineContext,
  ...words: readonly string[]
): string[] {
  const { accelerator } = host.options;
  return [...cliCommand(), '--home', home.root, '--accel', accelerator, ...words];
}
