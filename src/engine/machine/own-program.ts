import { join } from 'node:path';
import { projectRoot } from '../../vmm/native-programs.js';

/** The argv of the CLI as a process of its own, for what is to be done when this one has ended. */
export function ownProgram(...args: readonly string[]): string[] {
  // Node's debugger can't open, not even by a signal before the program listens for it: see bin/boxlite.
  const noDebugger = '--inspect-port=192.0.2.1:1024';
  return [process.execPath, noDebugger, '--', join(projectRoot(), 'bin', 'boxlite'), ...args];
}
