import { Home } from '../host/home.js';
import { absolutePath } from '../host/host-path.js';
import { installedCli } from '../host/installed-cli.js';
import { DEFAULT_LAYER_LIMITS } from '../image/store/layer-limits.js';
import type { Images } from './images/images.js';
import { Registries } from './images/registries.js';
import { Host } from './machine/host.js';
import type { BoxliteOptions } from './spec/options.js';
import type { EngineContext } from './state/context.js';
import { Lifetime } from './state/lifetime.js';

/** The parts of a runtime. */
export interface Engine {
  context: EngineContext;
  /** Loaded on first use. */
  images: () => Promise<Images>;
  registries: Registries;
}

/**
 * Assembles the parts according to the runtime's options. Opens nothing yet.
 * @param cliCommand argv that starts the CLI; default this installation's
 */
export function openEngine(
  options: BoxliteOptions,
  cliCommand: () => readonly string[] = installedCli,
): Engine {
  const home = new Home(absolutePath(options.homeDir ?? Home.defaultRoot()));
  const lifetime = new Lifetime(home);
  const database = () => lifetime.database();
  const onNotice = options.onNotice ?? (() => undefined);
  const host = new Host(home, database, {
    accelerator: options.accelerator ?? 'auto',
    qemu: options.qemu,
    onNotice,
  });
  const registries = new Registries({
    insecureRegistries: options.insecureRegistries ?? [],
    registryMirrors: options.registryMirrors ?? {},
    caCertificates: options.caCertificates ?? [],
    dockerConfigDir: options.dockerConfigDir,
  });
  const openImages = async (): Promise<Images> => {
    const { Images } = await import('./images/images.js');
    return new Images(home, database, {
      registries: options.imageRegistries ?? [],
      registryOptions: () => registries.options(),
      layerLimits: {
        bytes: options.maxLayerBytes ?? DEFAULT_LAYER_LIMITS.bytes,
        entries: options.maxLayerEntries ?? DEFAULT_LAYER_LIMITS.entries,
      },
    });
  };
  let images: Promise<Images> | undefined;
  return {
    context: {
      ...{ home, host, database, lifetime, onNotice, cliCommand },
      volumeType: options.volumeType,
    },
    images: () => (images ??= openImages()),
    registries,
  };
}
