import type { DiskUsage } from './images/disk-usage.js';
import type { HistoryLine } from './images/history.js';
import type {
  ArchiveFormat,
  ImageDetails,
  ImageInfo,
  Images,
  ImportOptions,
  LoadedImage,
  LoadOptions,
  PullOptions,
  PullResult,
} from './images/images.js';
import type { PruneOptions } from './images/prune.js';
import type {
  LoginRequest,
  LoginResult,
  LogoutResult,
  Registries,
  StoredLogin,
} from './images/registries.js';
import type { RemovedImage, RemoveImageOptions } from './images/removal.js';

/** What a runtime does with images and registries. Programs use `BoxliteRuntime`, which is one. */
export abstract class ImageRuntime {
  /** @internal @throws runtime-closed */
  protected abstract images(): Promise<Images>;

  /** @internal @throws runtime-closed */
  protected abstract registries(): Registries;

  async pullImage(reference: string, options: PullOptions = {}): Promise<PullResult> {
    return (await this.images()).pull(reference, options);
  }

  /**
   * All tags of a repository in its registry, as canonical references to pull.
   * @throws invalid-reference, image-not-found, registry-*
   */
  async listRemoteTags(repository: string, signal?: AbortSignal): Promise<string[]> {
    return (await this.images()).tags(repository, signal);
  }

  async listImages(): Promise<ImageInfo[]> {
    return (await this.images()).list();
  }

  async inspectImage(reference: string): Promise<ImageDetails | undefined> {
    return (await this.images()).inspect(reference);
  }

  /** @throws image-not-found, image-corrupt */
  async imageHistory(reference: string): Promise<HistoryLine[]> {
    return (await this.images()).history(reference);
  }

  /** Gives an image another name. @throws image-not-found, invalid-reference */
  async tagImage(source: string, target: string): Promise<void> {
    (await this.images()).tag(source, target);
  }

  /**
   * Takes a name from an image, and deletes it with its last name; by its id, deletes it.
   * @throws image-not-found, image-in-use
   */
  async removeImage(reference: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
    return (await this.images()).remove(reference, options);
  }

  /** Deletes images without a name, or all that no box uses, and what else nothing needs. */
  async pruneImages(options: PruneOptions = {}): Promise<RemovedImage> {
    return (await this.images()).prune(options);
  }

  /** What images and boxes take of the host's disk. */
  async diskUsage(): Promise<DiskUsage> {
    return (await this.images()).diskUsage();
  }

  /** @param source path of an archive or of an OCI layout's directory, or a stream of an archive */
  async loadImages(
    source: string | AsyncIterable<Uint8Array>,
    options: LoadOptions = {},
  ): Promise<LoadedImage[]> {
    return (await this.images()).load(source, options);
  }

  /** The bytes of an archive of images; their blobs are in it as they were pulled. @throws image-not-found */
  async saveImages(
    names: readonly string[],
    format: ArchiveFormat = 'docker-archive',
  ): Promise<AsyncIterable<Uint8Array>> {
    return (await this.images()).save(names, format);
  }

  /** Makes an image of a root file system's tar; returns its id. */
  async importImage(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions = {},
  ): Promise<string> {
    return (await this.images()).import(source, options);
  }

  /**
   * Shows a name and a password to a registry and, when it takes them, keeps them where Docker does.
   * @throws registry-auth, registry-unreachable, invalid-argument
   */
  async login(request: LoginRequest): Promise<LoginResult> {
    return this.registries().login(request);
  }

  /**
   * Shows what is kept for a registry (default Docker Hub) to it; undefined when nothing is.
   * @throws registry-auth when the registry does not take it any more
   */
  async loginAgain(server?: string, signal?: AbortSignal): Promise<StoredLogin | undefined> {
    return this.registries().loginAgain(server, signal);
  }

  /** Forgets what is kept for a registry, default Docker Hub. */
  async logout(server?: string): Promise<LogoutResult> {
    return this.registries().logout(server);
  }
}
