/**
 * Points at which tests end a process, to check what it leaves behind. With BOXLITE_CRASH_AT=POINT in its
 * environment a process kills itself there; with POINT=STOP it stops itself, so that another process can be
 * killed at that moment. The shipped program contains this because tests must test that program, and whoever
 * sets a process's environment can end it anyway.
 */
import { environmentVariable } from '../../host/environment.js';

export const CRASH_POINTS = [
  'create:inserted',
  'create:made',
  'start:locked',
  'start:cleared',
  'start:disk-draft',
  'start:disk-made',
  'start:shim-up',
  'start:restored',
  'start:running',
  'start:recorded',
  'template:begun',
  'template:saved',
  'image-template:begun',
  'image-template:saved',
  'exec:connected',
  'exec:started',
  'export:machine-up',
  'export:reading',
  'copy:streaming',
  'copy:ended',
  'volume:machine-up',
  'volume:marked',
  'volume:copied',
  'volume:recorded',
  'volume:files-made',
  'volume:forgotten',
  'volume:put-aside',
  'pause:connected',
  'pause:told',
  'pause:recorded',
  'unpause:connected',
  'unpause:told',
  'unpause:recorded',
  'update:recorded',
  'stop:locked',
  'stop:marked',
  'stop:signalled',
  'stop:ended',
  'kill:connected',
  'remove:locked',
  'remove:vmm-ended',
  'remove:renamed',
  'remove:forgotten',
  'remove:deleted',
  'end:told',
  'end:vmm-killed',
  'end:removed',
  'hook:begun',
  'hook:started',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Only the first pass stops; a second one, as in a removal with the reserve, continues. */
let stopped = false;

export function crashPoint(point: CrashPoint): void {
  const at = environmentVariable('BOXLITE_CRASH_AT');
  if (at === undefined) return;
  // Both signals take effect before kill(2) returns.
  if (at === point) process.kill(process.pid, 'SIGKILL');
  if (stopped || at !== `${point}=STOP`) return;
  stopped = true;
  process.kill(process.pid, 'SIGSTOP');
}
