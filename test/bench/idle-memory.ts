import { join } from 'node:path';
import { Home } from '../../src/host/home.js';
import type { BoxliteHome } from './boxlite-home.js';
import { IDLE_BOX } from './cases.js';
import { isRecord } from './json.js';
import { memoryOf } from './smaps.js';

/** KiB of memory (PSS) that an idle box costs the host. */
export interface IdleMemory {
  shimKib: number;
  vmmKib: number;
  /** The part of `vmmKib` that is the guest's memory, touched since the template was restored. */
  guestKib: number;
}

export async function idleMemory(boxlite: BoxliteHome): Promise<IdleMemory> {
  const inspection = await boxlite.json(['inspect', IDLE_BOX]);
  const box: unknown = Array.isArray(inspection) ? inspection[0] : undefined;
  const state = isRecord(box) && isRecord(box.State) ? box.State : {};
  const own = isRecord(box) && isRecord(box.Boxlite) ? box.Boxlite : {};
  const template = typeof own.Template === 'string' ? own.Template : '';
  const [shim, vmm] = await Promise.all([
    memoryOf(Number(own.ShimPid)),
    memoryOf(Number(state.Pid), join(new Home(boxlite.path).templates(), template, 'ram')),
  ]);
  return { shimKib: shim.pssKib, vmmKib: vmm.pssKib, guestKib: vmm.guestKib };
}
