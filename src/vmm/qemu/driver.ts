import type { Socket } from 'node:net';
import type { VmmDriver, VmmMonitor } from '../driver.js';
import { findQemu } from './binary.js';
import { planQemu, sandboxed } from './command.js';
import { shutsLoopback } from './loopback-check.js';
import {
  continueMachine,
  cutLink,
  restoreState,
  saveState,
  stopWithoutImage,
} from './migration.js';
import { QmpClient } from './qmp.js';

export const qemu: VmmDriver = {
  find: findQemu,
  plan: planQemu,
  sandboxed,
  monitor,
  shutsLoopback,
};

function monitor(socket: Socket): VmmMonitor {
  const qmp = new QmpClient(socket);
  return {
    saveState: (directory, target) => saveState(qmp, directory, target),
    restoreState: (launch) => restoreState(qmp, launch),
    stopWithoutImage: (bytes) => stopWithoutImage(qmp, bytes),
    cutLink: () => cutLink(qmp),
    continueMachine: () => continueMachine(qmp),
    close: () => qmp.close(),
  };
}
