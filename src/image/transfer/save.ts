import { open } from 'node:fs/promises';
import { Header, Pax } from 'tar';
import { BoxliteError, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { hashFor, parseDigest } from '../oci/digest.js';
import { type Descriptor, MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.js';
import { OCI_INDEX } from '../oci/media-types.js';
import { familiarName, parseReference } from '../oci/reference.js';
import { blobPath, readBlob } from '../store/content-store.js';
import { readImage } from '../store/image-record.js';

export type ArchiveFormat = 'docker-archive' | 'oci';

export interface ImageToSave {
  manifestDigest: string;
  /** Full names with their tags. */
  references: string[];
}

const TAR_BLOCK = 512;
/** Equal images give equal archives, whenever they are written. */
const EPOCH = new Date(0);

/**
 * The tar of an OCI layout (OCI image-spec, image-layout.md) with the images' blobs, byte for byte
 * as they are stored. As a docker-archive it also has a manifest.json, which lets `docker load`
 * read it; Docker itself writes this form since version 25.
 * @throws BoxliteError `image-corrupt`, naming the blob that does not match its digest
 */
export async function* saveArchive(
  home: Home,
  images: readonly ImageToSave[],
  format: ArchiveFormat,
): AsyncGenerator<Uint8Array> {
  const described = await Promise.all(images.map((image) => describe(home, image)));
  const blobs = new Map(
    described.flatMap((image) => image.blobs.map((each) => [each.digest, each])),
  );
  for (const name of directoriesOf(blobs.keys())) yield header(name, 0, 'Directory');
  for (const blob of blobs.values()) {
    yield header(blobName(blob.digest), blob.size, 'File');
    yield* verified(home, blob);
    yield padding(blob.size);
  }
  yield* jsonFile('index.json', {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: described.flatMap(indexEntries),
  });
  if (format === 'docker-archive') yield* jsonFile('manifest.json', described.map(archiveEntry));
  yield* jsonFile('oci-layout', { imageLayoutVersion: '1.0.0' });
  yield Buffer.alloc(2 * TAR_BLOCK);
}

type Blob = Pick<Descriptor, 'digest' | 'size'>;

interface Described {
  references: string[];
  manifest: Blob & { mediaType: string };
  config: Blob;
  /** Base first; a repeated layer is listed each time. */
  layers: Blob[];
  /** Manifest, config and layers. */
  blobs: Blob[];
}

async function describe(
  home: Home,
  { manifestDigest, references }: ImageToSave,
): Promise<Described> {
  // Archives must be whole: a manifest that does not match its config is reported here.
  const { layers } = await readImage(home, manifestDigest);
  const bytes = await readBlob(home, manifestDigest, MAX_MANIFEST_BYTES);
  const document = parseManifest(bytes, undefined, `manifest ${manifestDigest}`);
  if (document.kind !== 'manifest') throw new Error('an image that was read has a manifest');
  const { mediaType, config } = document;
  const manifest = { mediaType, digest: manifestDigest, size: bytes.length };
  return { references, manifest, config, layers, blobs: [manifest, config, ...layers] };
}

function indexEntries({ manifest, references }: Described): object[] {
  const { mediaType, digest, size } = manifest;
  if (references.length === 0) return [{ mediaType, digest, size }];
  return references.map((reference) => ({
    mediaType,
    digest,
    size,
    annotations: {
      'io.containerd.image.name': reference,
      'org.opencontainers.image.ref.name': parseReference(reference).tag,
    },
  }));
}

function archiveEntry({ config, layers, references }: Described): object {
  return {
    Config: blobName(config.digest),
    RepoTags: references.length === 0 ? null : references.map(familiar),
    Layers: layers.map(({ digest }) => blobName(digest)),
  };
}

function familiar(reference: string): string {
  const parsed = parseReference(reference);
  return familiarName({ ...parsed, registry: parsed.registry ?? '' });
}

function blobName(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

function directoriesOf(digests: Iterable<string>): string[] {
  const algorithms = new Set([...digests].map((digest) => parseDigest(digest).algorithm));
  return ['blobs/', ...[...algorithms].map((algorithm) => `blobs/${algorithm}/`)];
}

/** The blob's bytes, verified: damage on our disk must not leave it as an image. */
async function* verified(home: Home, { digest, size }: Blob): AsyncGenerator<Uint8Array> {
  const hash = hashFor(digest);
  let sent = 0;
  try {
    // A stream that opens the file itself closes it some time after who reads it has stopped.
    await using file = await open(blobPath(home, digest));
    const chunks = file.createReadStream({ highWaterMark: 1 << 20, autoClose: false });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      sent += chunk.length;
      if (sent > size) break;
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw fileError(error, `read blob ${digest}`);
  }
  if (sent !== size || hash.digest('hex') !== parseDigest(digest).hex)
    throw new BoxliteError('image-corrupt', `stored blob ${digest} is not what its digest says`, {
      hint: 'pull or load the image again',
    });
}

function* jsonFile(name: string, value: unknown): Generator<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(value));
  yield header(name, bytes.length, 'File');
  yield bytes;
  yield padding(bytes.length);
}

/** Adds a pax header when the plain one is too short for the name or the size. */
function header(path: string, size: number, type: 'File' | 'Directory'): Uint8Array {
  const mode = type === 'File' ? 0o644 : 0o755;
  const fields = { path, size, type, mode, uid: 0, gid: 0, mtime: EPOCH };
  const plain = new Header(fields);
  const block = Buffer.alloc(TAR_BLOCK);
  const needsPax = plain.encode(block);
  return needsPax ? Buffer.concat([new Pax({ path, size, mtime: EPOCH }).encode(), block]) : block;
}

function padding(size: number): Uint8Array {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}
