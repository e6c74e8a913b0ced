import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onAbort, throwIfAborted } from '../../abort.js';
import { BoxliteError, errnoOf, fileError } from '../../errors.js';
import { absolutePath } from '../../host/host-path.js';
import type { Images } from '../images/images.js';
import { startArchive } from './archive-process.js';
import { copyError } from './copy-error.js';

/**
 * The image of a prepared root: loads an OCI layout (or an archive of one), packs and imports a root
 * directory. If the files are known already, only a new config is stored.
 * @returns the image's id
 * @throws invalid-argument when nothing is at the path, and what load and import may throw
 */
export async function imageOfPath(
  images: Pick<Images, 'load' | 'import'>,
  path: string,
  platform: string | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const root = absolutePath(path);
  const isDirectory = await kindOf(root);
  if (isDirectory && (await kindOf(join(root, 'oci-layout'))) === undefined)
    return importDirectory(images, root, platform, signal);
  if (isDirectory === undefined)
    throw new BoxliteError('invalid-argument', `no root file system is at ${root}`, {
      hint: 'name an OCI layout or a directory that holds one',
    });
  const options = { ...(platform !== undefined && { platform }), ...(signal && { signal }) };
  const [image] = await images.load(root, { single: true, ...options });
  if (image === undefined) throw new BoxliteError('invalid-argument', `${root} holds no image`);
  return image.id;
}

async function importDirectory(
  images: Pick<Images, 'import'>,
  root: string,
  platform: string | undefined,
  signal: AbortSignal | undefined,
): Promise<string> {
  return images.import(packed(root, signal), platform === undefined ? {} : { platform });
}

async function* packed(root: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  // Started only when it is read: Node discards what an ended process has written if nobody reads yet.
  const packing = startArchive(
    ['pack', 'attributes', 'directories', '--', `${join(root, '/')}.`],
    () => undefined,
  );
  using _abort = onAbort(signal, packing.stop);
  try {
    yield* packing.stdout as AsyncIterable<Buffer>;
    throwIfAborted(signal, `the reading of ${root}`);
    const end = await packing.ended;
    if (end.exit !== 0) throw copyError({ side: 'host', role: 'source', box: '', path: root }, end);
  } finally {
    packing.stop();
  }
}

/** Whether it is a directory; undefined if nothing exists there. */
async function kindOf(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw fileError(error, `read ${path}`);
  }
}
