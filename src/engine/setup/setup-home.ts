import { abortable } from '../../abort.js';
import type { Images } from '../images/images.js';
import { DEFAULT_CPUS as cpus, DEFAULT_MEMORY_MIB as memoryMib } from '../spec/defaults.js';
import type { EngineContext } from '../state/context.js';
import { setup, type SetupEvent, type SetupOptions, type SetupReport } from './setup.js';

export interface SetupRequest {
  /** Path of a vmlinux or bzImage to use instead of the distribution's kernel. */
  kernel?: string;
  /** Directory of that kernel's modules. */
  modules?: string;
  onStep?: (event: SetupEvent) => void;
  /** Aborts set-up, with `cancelled`; completed parts stay, and the next set-up skips them. */
  signal?: AbortSignal | undefined;
}

/** Prepares a home with the parts of a runtime that is open on it. */
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
      // Set-up may have made a new kernel or found a newly installed QEMU.
      host.forget();
      const accelerator = await host.accelerator({ recheck: true, signal });
      const machine = { cpus, memoryMib, accelerator: accelerator.name };
      const { made } = await host.template(machine, await host.assets(), onProgress, signal);
      return { made, accelerator };
    },
    importImage: (source, options) => images.import(source, options),
    findImage: (reference) => Promise.resolve(images.find(reference)?.imageId),
  };
  return abortable(signal, 'the set-up', () => setup(home, options));
}
