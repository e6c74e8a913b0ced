import type { Socket } from 'node:net';
import type { VmmDriver, VmmMonitor } from '../driver.js';
import { findQemu } from './binary.js';
import { planQemu, sandboxed } from './command.js';
import { continueMachine, restoreState, saveState, stopWithoutImage } from './migration.js';
import { QmpClient } from './qmp.js';

export const qemu: VmmDriver = {
  find: findQemu,
  plan: planQemu,
  sandboxed,
  monitor,
};

function monitor(socket: Socket): VmmMonitor {
  const qmp = new QmpClient(socket);
  return {
    saveState: (directory, target) => saveState(qmp, directory, target),
    restoreState: () => restoreState(qmp),
    stopWithoutImage: (bytes) => stopWithoutImage(qmp, bytes),
    continueMachine: () => continueMachine(qmp),
    close: () => qmp.close(),
  };
}
