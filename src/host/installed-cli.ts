import { join } from 'node:path';
import { projectRoot } from './native-programs.js';

/** The argv that starts this installation's CLI; append the CLI's own arguments. */
export function installedCli(): string[] {
  // Keeps Node's debugger from opening, even by a signal before the program handles it: see
  // bin/boxlite.
  const noDebugger = '--inspect-port=192.0.2.1:1024';
  return [process.execPath, noDebugger, '--', join(projectRoot(), 'bin', 'boxlite')];
}
