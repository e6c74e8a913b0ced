import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { abortable } from '../../abort.js';
import { BoxliteError } from '../../errors.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { ownIdentity } from '../../host/process-identity.js';
import type { BoxRecord, NewBox } from '../../store/box-record.js';
import type { Database } from '../../store/database.js';
import { noSuchImage } from '../images/error.js';
import type { Images, PullOptions } from '../images/images.js';
import { findKernel } from '../machine/box-kernel.js';
import { crashPoint } from '../machine/crash-point.js';
import { attachBox } from '../networks/attach.js';
import { findNetwork } from '../networks/find.js';
import { refuseAllowedInside } from '../networks/memberships.js';
import { type BoxSpec, checkName, settleSpec } from '../spec/box-spec.js';
import { randomName } from '../spec/names/names.js';
import { askedNetworks, type NetworkAttachment } from '../spec/network/named/asked-networks.js';
import { networkSpecOf } from '../spec/network/named/box-attachment.js';
import { settleNetPolicy } from '../spec/network/policy.js';
import { askedPorts } from '../spec/network/ports.js';
import type { AbortOptions, BoxOptions } from '../spec/options.js';
import { withSecurity } from '../spec/security.js';
import { checkMounts, findVolumes } from '../spec/volumes.js';
import { type BoxVolume, isImageMount, mountedImages } from '../spec/volumes/box-volume.js';
import type { EngineContext } from '../state/context.js';
import { type BoxVolumes, settleBoxVolumes } from '../volumes/box-volumes.js';
import { freeName } from './remove.js';

/** The image for a box when none is named. */
const DEFAULT_IMAGE = 'busybox';

const NAME_ATTEMPTS = 20;

export interface CreateOptions extends BoxOptions, AbortOptions {
  /** Receives the progress of a pull, if one is needed. */
  onPull?: PullOptions['onProgress'];
}

/** Obtains the image, settles the box's spec, and records both; starts nothing. */
export async function createBox(
  context: EngineContext,
  images: Images,
  options: CreateOptions,
  wantedName: string | undefined,
): Promise<BoxRecord> {
  const what = `the creation of box ${wantedName ?? ''}`.trimEnd();
  return abortable(options.signal, what, () => create(context, images, options, wantedName));
}

async function create(
  context: EngineContext,
  images: Images,
  options: CreateOptions,
  wantedName: string | undefined,
): Promise<BoxRecord> {
  const { signal } = options;
  // Fail early: without an identity no process could lock the box, so nobody could start or remove it.
  ownIdentity();
  const name = wantedName === undefined ? undefined : checkName(wantedName);
  if (name !== undefined) {
    await freeName(context, name);
    refuseTaken(context, name);
  }
  checkMounts(options);
  const secured = withNetworks(withSecurity(options));
  checkNetworks(context.database(), secured);
  askedPorts(options, secured.network !== 'none');
  settleNetPolicy(secured);
  // Fail before a pull, which may take minutes.
  const kernel = await findKernel(context.host, options);
  const path =
    options.rootfs !== undefined && 'path' in options.rootfs ? options.rootfs.path : undefined;
  const reference =
    path === undefined
      ? imageOf(options)
      : await imageOfPath(images, path, options.platform, signal);
  // Fail before a long pull, and before the built-in image is searched for in a registry.
  if (!images.find(reference)) await context.host.assets();
  const image = await images.obtain(reference, options.pull ?? 'missing', {
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    ...(signal && { signal }),
    ...(options.onPull === undefined ? {} : { onProgress: options.onPull }),
  });
  const id = ulid().toLowerCase();
  const settled = { ...secured, idle: isIdle(options) };
  const found = await findVolumes(settleSpec(settled, image.config, id));
  const asked = { ...found, volumes: await obtainMounted(images, found.volumes, options) };
  return withVolumes(context, asked, (volumes) => {
    const spec = { ...asked, volumes: volumes.mounts, ...(kernel && { kernel }) };
    // From here on the box exists: nothing below waits.
    signal?.throwIfAborted();
    const record = volumes.write(() =>
      images.holding(reference, image.manifestDigest, mountedImages(volumes.mounts), () =>
        insert(context, name, secured.networks, volumes, {
          id,
          image: path ?? reference,
          manifestDigest: image.manifestDigest,
          imageId: image.configDigest,
          options: spec,
          containerId: randomBytes(32).toString('hex'),
          autoRemove: options.autoRemove === true,
        }),
      ),
    );
    volumes.keep();
    crashPoint('create:inserted');
    try {
      makePrivateDirectory(context.home.box(id));
    } catch (error) {
      volumes.forget(id);
      throw error;
    }
    crashPoint('create:made');
    return record;
  });
}

/** Settles a box's volumes and records it; once more if one of them was removed between the two. */
export async function withVolumes<T>(
  context: EngineContext,
  asked: BoxSpec,
  record: (volumes: BoxVolumes) => T,
): Promise<T> {
  const attempt = async (): Promise<T> => {
    await using volumes = await settleBoxVolumes(context, asked);
    return record(volumes);
  };
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'volume-not-found') throw error;
    return await attempt();
  }
}

const withNetworks = (options: BoxOptions) => ({ ...options, ...askedNetworks(options) });

/** Fails before a pull. @throws network-not-found, invalid-argument */
function checkNetworks(database: Database, options: BoxOptions): void {
  const networks = (options.networks ?? []).map(({ name }) => findNetwork(database, name));
  const memberships = networks.map(({ name, spec }) => ({
    network: name,
    spec: networkSpecOf(spec),
  }));
  refuseAllowedInside(settleNetPolicy(options), memberships);
}

/** Like the box's own image, but for the platform, which is that one's alone. */
async function obtainMounted(
  images: Images,
  mounts: readonly BoxVolume[],
  { pull = 'missing', signal, onPull }: CreateOptions,
): Promise<BoxVolume[]> {
  const obtained: BoxVolume[] = [];
  for (const mount of mounts) {
    if (!isImageMount(mount)) {
      obtained.push(mount);
      continue;
    }
    const { manifestDigest, configDigest, config } = await images.obtain(mount.image, pull, {
      ...(signal && { signal }),
      ...(onPull && { onProgress: onPull }),
    });
    obtained.push({
      ...{ ...mount, manifestDigest, imageId: configDigest, diffIds: config.diffIds },
    });
  }
  return obtained;
}

function imageOf({ rootfs }: BoxOptions): string {
  if (rootfs === undefined || 'path' in rootfs) return DEFAULT_IMAGE;
  if (rootfs.image === '') throw noSuchImage('""');
  return rootfs.image;
}

async function imageOfPath(
  images: Images,
  path: string,
  platform: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  const rootfs = await import('../files/rootfs-path.js');
  return rootfs.imageOfPath(images, path, platform, signal);
}

/** Without a command, the box is there for the commands of `exec`. */
function isIdle({ idle, command, entrypoint }: BoxOptions): boolean {
  const hasCommand = command !== undefined || entrypoint !== undefined;
  if (idle === true && hasCommand)
    throw new BoxliteError('invalid-argument', 'an idle box has no command of its own', {
      hint: 'leave out `idle`, or run the command with `exec`',
    });
  return idle ?? !hasCommand;
}

function refuseTaken(context: EngineContext, name: string): void {
  const holder = context.database().boxes.named(name);
  if (holder)
    throw new BoxliteError(
      'name-taken',
      `the name "${name}" is already in use by box ${holder.id}`,
      { hint: 'remove or rename that box, or choose another name' },
    );
}

/** Picks a random name when none is given; a random name that is taken is replaced, not an error. */
function insert(
  context: EngineContext,
  name: string | undefined,
  networks: readonly NetworkAttachment[],
  volumes: BoxVolumes,
  box: NewBox,
): BoxRecord {
  const database = context.database();
  const insertAttached = (boxName: string): BoxRecord =>
    database.write(() => {
      const record = database.boxes.insert({ ...box, name: boxName });
      volumes.record(record.id);
      for (const each of networks) attachBox(database, record, each);
      return record;
    });
  if (name !== undefined) return insertAttached(name);
  for (let attempt = 1; ; attempt++) {
    try {
      return insertAttached(randomName());
    } catch (error) {
      const taken = error instanceof BoxliteError && error.code === 'name-taken';
      if (!taken || attempt === NAME_ATTEMPTS) throw error;
    }
  }
}
