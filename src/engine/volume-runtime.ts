import { abortable } from '../abort.js';
import type { CopyOptions, CopyResult } from './files/copy-options.js';
import type { VolumeArchiveOptions } from './files/volume/volume-archive.js';
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
   * Creates an empty volume, or with `from` a copy of another. One that has the name already is returned as it
   * is, but a copy is refused.
   * @throws invalid-argument, unsupported; name-taken, also by one of another type than `options` ask for; box-busy;
   *   of a copy volume-not-found, volume-in-use, no-space
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

  /**
   * Copies a file or directory of the host to a path in the volume, as `LiteBox.copyInto` does to a box. A
   * volume of type disk is reached through the running box that has it, or a helper machine.
   * @throws volume-not-found, invalid-argument, no-space, permission, box-busy, path-not-found, cancelled
   */
  async copyInto(
    name: string,
    hostSource: string,
    destination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    const { copyIntoVolume } = await import('./files/volume/volume-copy.js');
    return this.#copying(name, options, () =>
      copyIntoVolume(this.#context(), name, hostSource, destination, options),
    );
  }

  /**
   * Copies a file or directory of the volume to the host. Whatever boxes have made of the volume, nothing
   * outside `hostDestination` is touched, and no link leads out of the volume; none is followed.
   * @throws what `copyInto` throws
   */
  async copyOut(
    name: string,
    source: string,
    hostDestination: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    const { copyOutOfVolume } = await import('./files/volume/volume-copy.js');
    return this.#copying(name, options, () =>
      copyOutOfVolume(this.#context(), name, source, hostDestination, options),
    );
  }

  /** Unpacks a tar, compressed or not, into a directory of the volume. @throws what `copyInto` throws */
  async unpackInto(
    name: string,
    archive: AsyncIterable<Uint8Array>,
    directory: string,
    options: CopyOptions = {},
  ): Promise<CopyResult> {
    const { unpackIntoVolume } = await import('./files/volume/volume-copy.js');
    return this.#copying(name, options, () =>
      unpackIntoVolume(this.#context(), name, archive, directory, options),
    );
  }

  /** A file or directory of the volume as a tar. @throws what `copyInto` throws */
  async *packOut(name: string, source: string, options: CopyOptions = {}): AsyncGenerator<Buffer> {
    const { packOutOfVolume } = await import('./files/volume/volume-copy.js');
    yield* packOutOfVolume(this.#context(), name, source, options);
  }

  /**
   * All of a volume as a tar (pax): owners, modes, extended attributes, times, links, holes and devices.
   * Boxes control what is in it: unpack it in an empty directory.
   * @throws volume-not-found, box-busy, path-not-found, cancelled
   */
  async *export(name: string, options: VolumeArchiveOptions = {}): AsyncGenerator<Buffer> {
    const { exportVolume } = await import('./files/volume/volume-archive.js');
    yield* exportVolume(this.#context(), name, options);
  }

  /**
   * Adds what is in a tar, compressed or not, to a volume, and replaces files that are there. All of it is on
   * the host's disk when this resolves. A shared volume gets neither devices nor set-user-ID bits: `onWarning`
   * tells of them.
   * @throws volume-not-found, archive-invalid, no-space, box-busy, cancelled
   */
  async import(
    name: string,
    archive: AsyncIterable<Uint8Array>,
    options: VolumeArchiveOptions = {},
  ): Promise<CopyResult> {
    const { importVolume } = await import('./files/volume/volume-archive.js');
    return importVolume(this.#context(), name, archive, options);
  }

  #copying(
    name: string,
    { signal }: CopyOptions,
    copy: () => Promise<CopyResult>,
  ): Promise<CopyResult> {
    return abortable(signal, `the copy of volume ${name}`, copy);
  }
}
