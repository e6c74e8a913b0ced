import { abortable } from '../../abort.js';
import type { Images } from '../images/images.js';
import { DEFAULT_CPUS as cpus, DEFAULT_MEMORY_MIB as memoryMib } from '../spec/defaults.js';
import type { EngineContext } from '../state/context.js';
import { setup, type SetupEvent, type SetupOptions, type SetupReport } from './setup.js';

export interface SetupRequest {
  /** Another kernel than the distribution's: path of a vmlinux or bzImage. */
  kernel?: string;
  /** Directory of that kernel's modules. */
  modules?: string;
  onStep?: (event: SetupEvent) => void;
  /** Ends it, with `cancelled`; what was made whole stays, and is skipped by the next set-up. */
  signal?: AbortSignal | undefined;
}

/** Makes a home ready by the means of a runtime that is open on it. */
export function setupHome(
  context: EngineContext,
  images: Images,
  request: SetupRequest,
): Promise<SetupReport> {
  const { home, host } = context;
  const { signal } = request;
  const options: SetupOptions = {
    ...request,
    ...(host.options.qemu === undefined ? {} : { qemu: host.options.qemu }),
    prepareTemplate: async (onProgress) => {
      // A kernel that is new, or QEMU's package that has just been installed.
      host.forget();
      const accelerator = await host.accelerator({ anew: true, signal });
      const machine = { cpus, memoryMib, accelerator: accelerator.name };
      const { made } = await host.template(machine, await host.assets(), onProgress, signal);
      return { made, accelerator };
    },
    importImage: (source, options) => images.import(source, options),
    findImage: (reference) => Promise.resolve(images.find(reference)?.imageId),
  };
  return abortable(signal, 'the set-up', () => setup(home, options));
}
