import type { VolumeOptions } from './spec/volumes/volume-options.js';
import type { EngineContext } from './state/context.js';
import type { VolumeInfo } from './volumes/info.js';
import type { PrunedVolumes, VolumePruneOptions } from './volumes/remove.js';

/**
 * The volumes of a runtime's home: `runtime.volumes`. Their files outlive the boxes that have them, and a box
 * gets one by its name: `BoxOptions.volumes`.
 */
export class VolumeRuntime {
  readonly #context: () => EngineContext;

  /** @internal */
  constructor(context: () => EngineContext) {
    this.#context = context;
  }

  /**
   * Creates an empty volume. One that has the name already is returned as it is.
   * @throws invalid-argument, unsupported; name-taken by one of another type than `options` ask for; box-busy
   */
  async create(options: VolumeOptions = {}): Promise<VolumeInfo> {
    const { createVolume } = await import('./volumes/create.js');
    return createVolume(this.#context(), options);
  }

  /** All volumes, by name. */
  async list(): Promise<VolumeInfo[]> {
    const { listVolumes } = await import('./volumes/info.js');
    return listVolumes(this.#context());
  }

  /** Finds a volume by its whole name; undefined if there is none. */
  async get(name: string): Promise<VolumeInfo | undefined> {
    const context = this.#context();
    const record = context.database().volumes.get(name);
    if (record === undefined) return undefined;
    const { volumeInfo } = await import('./volumes/info.js');
    return volumeInfo(context, record);
  }

  /**
   * Removes a volume and its files, also on a full disk.
   * @throws volume-not-found; volume-in-use by a box, whether it runs or not; box-busy
   */
  async remove(name: string): Promise<void> {
    const { removeVolume } = await import('./volumes/remove.js');
    return removeVolume(this.#context(), name);
  }

  /** Removes the volumes that no box has: the anonymous ones, or all. */
  async prune(options: VolumePruneOptions = {}): Promise<PrunedVolumes> {
    const { pruneVolumes } = await import('./volumes/remove.js');
    return pruneVolumes(this.#context(), options);
  }
}
