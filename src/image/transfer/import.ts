import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { applyChanges, type RunConfig } from '../dockerfile/run-config.js';
import { layerTypeOf } from '../oci/media-types.js';
import { hostPlatform, type Platform } from '../oci/platform.js';
import { parseReference } from '../oci/reference.js';
import { adoptBlob, temporaryPath } from '../store/content-store.js';
import type { StoredImage, StoredImageLayer } from '../store/image-record.js';
import { type Keep, keepNothing } from '../store/keep.js';
import {
  DEFAULT_LAYER_LIMITS,
  LayerLimitError,
  type LayerLimits,
  overLimit,
} from '../store/layer-limits.js';
import { storeLayer } from '../store/layer-store.js';
import { lend } from '../store/lend.js';
import { storeImage } from '../store/store-image.js';
import { unpackArchive } from '../tar/unpack-archive.js';

export interface ImportOptions {
  /** The future name; only checked here, before the first byte is read. */
  reference?: string;
  /** Dockerfile instructions for the config: `CMD ["sh"]`, `ENV A=b`; see dockerfile/run-config.ts. */
  changes?: readonly string[];
  /** Kept in the image's history. */
  message?: string;
  platform?: Platform;
  /** The image's creation time; default: now. */
  created?: Date;
  keep?: Keep;
  limits?: LayerLimits;
}

/**
 * Makes a one-layer image from a root file system's tar. Stores the tar as given, but unpacks xz
 * and bzip2, which layers don't use.
 * @throws BoxliteError `archive-invalid` when it is not such a tar, `invalid-argument` for a
 * change, `invalid-reference`, `no-space`
 */
export async function importRootfs(
  home: Home,
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<StoredImage> {
  if (options.reference !== undefined) parseReference(options.reference);
  const run = applyChanges(options.changes ?? []);
  const keep = options.keep ?? keepNothing;
  const archive = unpackArchive(source);
  const layer = await receiveLayer(home, archive, keep, options.limits);
  return storeImage(home, configBytes(run, layer.diffId, options), [layer], keep);
}

/** Writes the file, its digest and the layer store in one pass. */
export async function receiveLayer(
  home: Home,
  source: AsyncIterable<Uint8Array>,
  keep: Keep,
  limits: LayerLimits = DEFAULT_LAYER_LIMITS,
): Promise<StoredImageLayer> {
  const path = temporaryPath(home);
  const file = await openNew(path);
  const hash = createHash('sha256');
  let size = 0;
  let mediaType = layerTypeOf(new Uint8Array());
  async function* received(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      if (size === 0) mediaType = layerTypeOf(chunk);
      size += chunk.length;
      // Padding after a compressed tar unpacks to nothing.
      if (size > limits.bytes) throw overLimit('(archive)', 'bytes', limits);
      hash.update(chunk);
      await file.appendFile(chunk);
      yield chunk;
    }
  }
  const bytes = received();
  try {
    const { diffId } = await storeLayer(
      home,
      lend(bytes),
      { onDiffId: (each) => keep([each]) },
      limits,
    );
    while ((await bytes.next()).done !== true);
    await file.datasync();
    const digest = `sha256:${hash.digest('hex')}`;
    keep([digest]);
    await adoptBlob(home, path, digest);
    return { digest, size, mediaType, diffId };
  } catch (error) {
    throw asArchiveFault(error, path);
  } finally {
    // The source may have to end a process, such as xz; it does so only when its reader returns.
    await bytes.return(undefined);
    await file.close();
    await rm(path, { force: true });
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw fileError(error, `create ${path}`);
  }
}

/** To the caller, the given file is wrong, not a layer that they know nothing about. */
function asArchiveFault(error: unknown, path: string): unknown {
  if (!(error instanceof BoxliteError)) return fileError(error, `write ${path}`);
  if (error instanceof LayerLimitError) return error;
  if (error.code !== 'layer-invalid' && error.code !== 'image-corrupt') return error;
  return new BoxliteError('archive-invalid', `not a tar of a root file system: ${error.message}`, {
    cause: error,
    hint: 'give a tar, plain or packed, of the files as they are to appear at /',
  });
}

function configBytes(run: RunConfig, diffId: string, options: ImportOptions): Buffer {
  const created = (options.created ?? new Date()).toISOString();
  const comment = options.message ?? 'imported';
  return Buffer.from(
    JSON.stringify({
      created,
      ...(options.platform ?? hostPlatform()),
      config: run,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, comment }],
    }),
  );
}
