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

/**
 * A runtime's operations on images and registries; all of them throw `runtime-closed` after `close`. Programs
 * use `BoxliteRuntime`, which extends this class.
 */
export abstract class ImageRuntime {
  /** @internal @throws runtime-closed */
  protected abstract images(): Promise<Images>;

  /** @internal @throws runtime-closed */
  protected abstract registries(): Registries;

  /**
   * Pulls an image into the store.
   * @throws invalid-reference, image-not-found, registry-*, image-corrupt, layer-invalid, unsupported,
   *   no-space, cancelled
   */
  async pullImage(reference: string, options: PullOptions = {}): Promise<PullResult> {
    return (await this.images()).pull(reference, options);
  }

  /**
   * All tags of a repository in its registry, as canonical references to pull.
   * @throws invalid-reference, image-not-found, registry-*, cancelled
   */
  async listRemoteTags(repository: string, signal?: AbortSignal): Promise<string[]> {
    return (await this.images()).tags(repository, signal);
  }

  /** All images, newest first; images without a name come last. */
  async listImages(): Promise<ImageInfo[]> {
    return (await this.images()).list();
  }

  /**
   * An image by name, id or unambiguous prefix of an id; undefined if there is none.
   * @throws invalid-reference, image-corrupt
   */
  async inspectImage(reference: string): Promise<ImageDetails | undefined> {
    return (await this.images()).inspect(reference);
  }

  /** The steps that made an image, newest first. @throws image-not-found, image-corrupt */
  async imageHistory(reference: string): Promise<HistoryLine[]> {
    return (await this.images()).history(reference);
  }

  /** Gives an image another name. @throws image-not-found, invalid-reference */
  async tagImage(source: string, target: string): Promise<void> {
    (await this.images()).tag(source, target);
  }

  /**
   * Removes a name from an image, and deletes the image with its last name; given an id, deletes the image.
   * @throws image-not-found, image-in-use
   */
  async removeImage(reference: string, options: RemoveImageOptions = {}): Promise<RemovedImage> {
    return (await this.images()).remove(reference, options);
  }

  /**
   * Deletes images without a name (with `all`, every image that no box uses), and unneeded files of the
   * store.
   */
  async pruneImages(options: PruneOptions = {}): Promise<RemovedImage> {
    return (await this.images()).prune(options);
  }

  /** The disk usage of images and boxes, in bytes. */
  async diskUsage(): Promise<DiskUsage> {
    return (await this.images()).diskUsage();
  }

  /**
   * Loads images from an archive into the store.
   * @param source path of an archive or of an OCI layout's directory, or a stream of an archive
   * @throws path-not-found, archive-invalid, image-not-found when it has no image of the platform,
   *   image-corrupt, layer-invalid, no-space, cancelled
   */
  async loadImages(
    source: string | AsyncIterable<Uint8Array>,
    options: LoadOptions = {},
  ): Promise<LoadedImage[]> {
    return (await this.images()).load(source, options);
  }

  /**
   * The bytes of an archive of images, with their blobs as pulled.
   * @param format default `docker-archive`
   * @throws image-not-found, invalid-reference, image-corrupt
   */
  async saveImages(
    names: readonly string[],
    format: ArchiveFormat = 'docker-archive',
  ): Promise<AsyncIterable<Uint8Array>> {
    return (await this.images()).save(names, format);
  }

  /**
   * Makes an image from the tar of a root file system; returns the image's id.
   * @throws archive-invalid, invalid-argument for a change, invalid-reference, no-space
   */
  async importImage(
    source: AsyncIterable<Uint8Array>,
    options: ImportOptions = {},
  ): Promise<string> {
    return (await this.images()).import(source, options);
  }

  /**
   * Logs in to a registry and, if it accepts the credentials, stores them where Docker does.
   * @throws registry-auth, registry-unreachable, invalid-argument
   */
  async login(request: LoginRequest): Promise<LoginResult> {
    return this.registries().login(request);
  }

  /**
   * Logs in to a registry (default Docker Hub) with its stored credentials; undefined when there are none.
   * @throws registry-auth when the registry rejects them
   */
  async loginAgain(server?: string, signal?: AbortSignal): Promise<StoredLogin | undefined> {
    return this.registries().loginAgain(server, signal);
  }

  /**
   * Erases the stored credentials of a registry, default Docker Hub; the result lists what could not be
   * erased.
   */
  async logout(server?: string): Promise<LogoutResult> {
    return this.registries().logout(server);
  }
}
