import { join } from 'node:path';
import { projectRoot } from './native-programs.js';

/** The argv that starts the CLI of this installation; its own arguments follow. */
export function installedCli(): string[] {
  // Node's debugger can't open, not even by a signal before the program listens for it: see bin/boxlite.
  const noDebugger = '--inspect-port=192.0.2.1:1024';
  return [process.execPath, noDebugger, '--', join(projectRoot(), 'bin', 'boxlite')];
}
