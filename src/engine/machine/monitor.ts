import { connectSocket } from '../../agent/connect.js';
import { BoxliteError } from '../../errors.js';
import { BOX_FILES } from '../../host/home.js';
import type { VmmMonitor } from '../../vmm/driver.js';
import { vmm } from '../../vmm/vmm.js';

/** Connects to the monitor of the VMM of box `name`, whose shim uses this directory. */
export async function openMonitor(directory: string, name: string): Promise<VmmMonitor> {
  const socket = await connectSocket(directory, BOX_FILES.qmpSocket);
  if (socket === null)
    throw new BoxliteError('boot-failed', `the VMM of box ${name} is gone`, { stage: 'vmm' });
  return vmm.monitor(socket);
}
