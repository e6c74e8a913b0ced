import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { ulid } from 'ulid';
import { BoxliteError, fileError } from '../errors.js';
import { Home } from '../home.js';
import type { BoxRecord } from '../store/box-record.js';
import { Database } from '../store/database.js';
import { LiteBox } from './box.js';
import { boxInfo, type BoxInfo } from './box-info.js';
import { checkName, settleSpec } from './box-spec.js';
import { noSuchBox, type EngineContext } from './context.js';
import { Host } from './host.js';
import {
  Images,
  noSuchImage,
  type ImageDetails,
  type ImageInfo,
  type ImportOptions,
  type LoadedImage,
  type PullOptions,
  type PullResult,
} from './images.js';
import { randomName } from './names.js';
import { observed } from './observe.js';
import type { BoxliteOptions, BoxOptions, RemoveOptions } from './options.js';
import { removeBox, sweepRemoved } from './remove.js';
import type { RuntimeInfo } from './runtime-info.js';
import type { SetupEvent, SetupReport } from './setup.js';

/** The image that a box is made of when none is named. */
const DEFAULT_IMAGE = 'busybox';

const NAME_ATTEMPTS = 20;

export interface CreateOptions extends BoxOptions {
  /** Progress of a pull, should one be needed. */
  onPull?: PullOptions['onProgress'];
}

export interface SetupRequest {
  kernel?: string;
  modules?: string;
  onStep?: (event: SetupEvent) => void;
}

/**
 * The engine on one home directory. Cheap to make: the database is opened by the first call that
 * needs it. Any number of runtimes, in any number of processes, may share a home.
 */
export class BoxliteRuntime implements AsyncDisposable {
  static #default: BoxliteRuntime | undefined;

  readonly #options: BoxliteOptions;
  readonly #context: EngineContext;
  readonly #images: Images;
  #database: Database | undefined;

  constructor(options: BoxliteOptions = {}) {
    this.#options = options;
    const home = new Home(options.homeDir ?? Home.defaultRoot());
    const database = (): Database => (this.#database ??= Database.open(home));
    const host = new Host(home, database, {
      accelerator: options.accelerator ?? 'auto',
      qemu: options.qemu,
      onNotice: options.onNotice ?? (() => undefined),
    });
    this.#context = { home, host, database };
    this.#images = new Images(home, database, {
      registries: options.imageRegistries ?? [],
      insecureRegistries: options.insecureRegistries ?? [],
    });
  }

  static withDefaults(): BoxliteRuntime {
    return new BoxliteRuntime();
  }

  /** The process's own runtime, made by the first call. */
  static defaultRuntime(): BoxliteRuntime {
    return (BoxliteRuntime.#default ??= new BoxliteRuntime());
  }

  static tryDefaultRuntime(): BoxliteRuntime | undefined {
    return BoxliteRuntime.#default;
  }

  /** @throws invalid-argument when there is one already */
  static initDefaultRuntime(options: BoxliteOptions): void {
    if (BoxliteRuntime.#default)
      throw new BoxliteError('invalid-argument', 'the default runtime is initialised already');
    BoxliteRuntime.#default = new BoxliteRuntime(options);
  }

  /**
   * Creates a box; its VM starts with `start` or the first `exec`.
   * @throws name-taken, image-not-found, invalid-argument, and what a pull may throw
   */
  async create(options: CreateOptions, name?: string): Promise<LiteBox> {
    if (name !== undefined) {
      checkName(name);
      this.#refuseTaken(name);
    }
    const reference = imageOf(options);
    // Before a pull of minutes, and before the built-in image is looked for in a registry.
    if (!this.#images.find(reference)) await this.#context.host.assets();
    const image = await this.#images.obtain(reference, options.pull ?? 'missing', {
      ...(options.platform === undefined ? {} : { platform: options.platform }),
      ...(options.onPull === undefined ? {} : { onProgress: options.onPull }),
    });
    const id = ulid().toLowerCase();
    const spec = settleSpec(options, image.config, id);
    const record = this.#insert(name, {
      id,
      image: reference,
      manifestDigest: image.manifestDigest,
      imageId: image.configDigest,
      options: spec,
      containerId: randomBytes(32).toString('hex'),
      autoRemove: options.autoRemove === true,
    });
    try {
      await mkdir(this.#context.home.box(id), { recursive: true, mode: 0o700 });
    } catch (error) {
      this.#context.database().boxes.remove(id, ['configured']);
      throw fileError(error, `create ${this.#context.home.box(id)}`);
    }
    return new LiteBox(this.#context, record);
  }

  /** By full id, else name, else unambiguous prefix of an id. @throws box-ambiguous */
  async get(idOrName: string): Promise<LiteBox | undefined> {
    const record = this.#find(idOrName);
    return Promise.resolve(record && new LiteBox(this.#context, record));
  }

  async getInfo(idOrName: string): Promise<BoxInfo | undefined> {
    const record = this.#find(idOrName);
    return record && boxInfo(await observed(this.#context.home, record));
  }

  /** Newest first. */
  async listInfo(): Promise<BoxInfo[]> {
    const records = this.#context.database().boxes.list();
    const truths = await Promise.all(records.map((record) => observed(this.#context.home, record)));
    return truths.map(boxInfo);
  }

  async exists(idOrName: string): Promise<boolean> {
    return Promise.resolve(this.#find(idOrName) !== undefined);
  }

  /** The box of that name, and whether it was made now. */
  async getOrCreate(options: CreateOptions, name?: string): Promise<[LiteBox, boolean]> {
    const existing = this.#named(name);
    if (existing) return [existing, false];
    try {
      return [await this.create(options, name), true];
    } catch (error) {
      // Another process made it between the look and the insert.
      const other = this.#named(name);
      if (other && error instanceof BoxliteError && error.code === 'name-taken')
        return [other, false];
      throw error;
    }
  }

  /** @throws box-not-found, box-running without `force` */
  async remove(idOrName: string, options: RemoveOptions = {}): Promise<void> {
    const record = this.#find(idOrName);
    if (!record) throw noSuchBox(idOrName);
    await removeBox(this.#context, record.id, options);
    await sweepRemoved(this.#context);
  }

  /** What the shim of a box calls for when the box has ended: removes it if it was to remove itself. */
  async handleExit(id: string): Promise<void> {
    const record = this.#context.database().boxes.get(id);
    if (record?.autoRemove === true) await removeBox(this.#context, id, { force: true });
  }

  pullImage(reference: string, options: PullOptions = {}): Promise<PullResult> {
    return this.#images.pull(reference, options);
  }

  async listImages(): Promise<ImageInfo[]> {
    return Promise.resolve(this.#images.list());
  }

  inspectImage(reference: string): Promise<ImageDetails | undefined> {
    return this.#images.inspect(reference);
  }

  /** @param source path of an archive or of an OCI layout's directory, or a stream of an archive */
  loadImages(source: string | AsyncIterable<Uint8Array>): Promise<LoadedImage[]> {
    return this.#images.load(source);
  }

  /** Makes an image of a root file system's tar; returns its id. */
  importImage(source: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Promise<string> {
    return this.#images.import(source, options);
  }

  async info(): Promise<RuntimeInfo> {
    const { runtimeInfo } = await import('./runtime-info.js');
    return runtimeInfo(this.#context, this.#options.accelerator ?? 'auto', this.#images);
  }

  /** Makes the home ready: kernel, initramfs, built-in image, first template. */
  async setup(request: SetupRequest = {}): Promise<SetupReport> {
    const { setup } = await import('./setup.js');
    return setup(this.#context.home, {
      ...request,
      ...(this.#options.qemu === undefined ? {} : { qemu: this.#options.qemu }),
      prepareTemplate: async (onProgress) => {
        const { DEFAULT_CPUS: cpus, DEFAULT_MEMORY_MIB: memoryMib } = await import('./defaults.js');
        const accelerator = (await this.#context.host.accelerator()).name;
        const machine = { cpus, memoryMib, accelerator };
        return this.#context.host.template(machine, onProgress);
      },
      importImage: (source, options) => this.#images.import(source, options),
      findImage: (reference) => Promise.resolve(this.#images.find(reference)?.imageId),
    });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #find(idOrName: string): BoxRecord | undefined {
    return this.#context.database().boxes.find(idOrName);
  }

  /** A name asked for is never the beginning of another box's id. */
  #named(name: string | undefined): LiteBox | undefined {
    const record = name === undefined ? undefined : this.#context.database().boxes.named(name);
    return record && new LiteBox(this.#context, record);
  }

  #refuseTaken(name: string): void {
    const holder = this.#context.database().boxes.named(name);
    if (holder)
      throw new BoxliteError(
        'name-taken',
        `the name "${name}" is already in use by box ${holder.id}`,
        {
          hint: 'remove or rename that box, or choose another name',
        },
      );
  }

  /** With a random name when none is given; one that is taken is not a reason to fail. */
  #insert(name: string | undefined, box: Parameters<Database['boxes']['insert']>[0]): BoxRecord {
    const { boxes } = this.#context.database();
    if (name !== undefined) return boxes.insert({ ...box, name });
    for (let attempt = 1; ; attempt++) {
      try {
        return boxes.insert({ ...box, name: randomName() });
      } catch (error) {
        const taken = error instanceof BoxliteError && error.code === 'name-taken';
        if (!taken || attempt === NAME_ATTEMPTS) throw error;
      }
    }
  }
}

function imageOf({ rootfs }: BoxOptions): string {
  if (rootfs === undefined) return DEFAULT_IMAGE;
  if ('image' in rootfs) {
    if (rootfs.image === '') throw noSuchImage('""');
    return rootfs.image;
  }
  throw new BoxliteError('unsupported', `a box can't be made of the path ${rootfs.path} yet`, {
    hint: 'make an image of it with `boxlite load` or `boxlite import`',
  });
}
