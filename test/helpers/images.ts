import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { create } from 'tar';

/** Contents by path; a string, bytes, or a local file to copy (with its mode). */
export type Files = Record<string, string | Uint8Array | { copy: string }>;

/** The distribution's static busybox and the applet names that most images need. */
export const BUSYBOX: Files = {
  'bin/busybox': { copy: '/bin/busybox' },
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
};

export interface ImageSpec {
  /** One set of files per layer, base first. */
  layers: (Files | Uint8Array)[];
  /** gzip by default. */
  compression?: 'gzip' | 'zstd' | 'none';
  architecture?: string;
  variant?: string;
  /** Docker's keys: Cmd, Entrypoint, Env, … */
  config?: Record<string, unknown>;
}

export interface TestBlob {
  mediaType: string;
  digest: string;
  size: number;
  bytes: Buffer;
}

/** An image in memory; `blobs` holds all its parts by digest. */
export interface TestImage {
  manifest: TestBlob;
  config: TestBlob;
  layers: TestBlob[];
  architecture: string;
  variant: string | undefined;
}

const OCI = 'application/vnd.oci.image';

/** Builds an image strictly by the specification, without our own code. */
export async function makeImage(spec: ImageSpec): Promise<TestImage> {
  const tars = await Promise.all(
    spec.layers.map((layer) =>
      layer instanceof Uint8Array ? Promise.resolve(Buffer.from(layer)) : makeTar(layer),
    ),
  );
  const layers = tars.map((tar) => packLayer(tar, spec.compression ?? 'gzip'));
  return assemble(layers, tars.map(sha256), spec);
}

/** An image of one layer that is already packed. */
export function imageOf(layer: TestBlob, diffId: string): TestImage {
  return assemble([layer], [diffId], {});
}

function assemble(
  layers: TestBlob[],
  diffIds: string[],
  spec: Pick<ImageSpec, 'architecture' | 'variant' | 'config'>,
): TestImage {
  const architecture = spec.architecture ?? hostArchitecture();
  const config = json(`${OCI}.config.v1+json`, {
    architecture,
    ...(spec.variant === undefined ? {} : { variant: spec.variant }),
    os: 'linux',
    created: '2026-01-02T03:04:05Z',
    config: spec.config ?? { Cmd: ['/bin/busybox', 'sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = json(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
  return { manifest, config, layers, architecture, variant: spec.variant };
}

function packLayer(tar: Buffer, compression: NonNullable<ImageSpec['compression']>): TestBlob {
  if (compression === 'gzip') return blob(`${OCI}.layer.v1.tar+gzip`, gzipSync(tar));
  if (compression === 'zstd') return blob(`${OCI}.layer.v1.tar+zstd`, zstd(tar));
  return blob(`${OCI}.layer.v1.tar`, tar);
}

/** Compresses with the reference implementation. */
export function zstd(bytes: Uint8Array, ...options: string[]): Buffer {
  return execFileSync('zstd', ['-q', '-c', ...options], { input: bytes, maxBuffer: 2 ** 30 });
}

/** An index of images by platform. */
export function makeIndex(images: readonly TestImage[]): TestBlob {
  return json(`${OCI}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: images.map(({ manifest, architecture, variant }) => ({
      ...descriptor(manifest),
      platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
    })),
  });
}

export function blobsOf(image: TestImage): TestBlob[] {
  return [image.manifest, image.config, ...image.layers];
}

/** Writes an OCI layout directory whose index.json lists `tops`, each with its annotations. */
export async function writeLayout(
  directory: string,
  tops: readonly { blob: TestBlob; annotations?: Record<string, string> }[],
  blobs: readonly TestBlob[],
): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const manifests = tops.map(({ blob: top, annotations }) => ({ ...descriptor(top), annotations }));
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests }),
  );
  for (const { digest, bytes } of blobs)
    await writeFile(join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length)), bytes);
}

/** Pushes an image, or several as an index, with an independent tool. @param login `USER:PASSWORD` */
export async function pushImage(
  target: string,
  images: readonly [TestImage, ...TestImage[]],
  login?: string,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-push-'));
  try {
    const top = images.length === 1 ? images[0].manifest : makeIndex(images);
    await writeLayout(directory, [{ blob: top }], [top, ...images.flatMap(blobsOf)]);
    await execa('skopeo', [
      'copy',
      '--all',
      '--preserve-digests',
      '--dest-tls-verify=false',
      ...(login === undefined ? [] : [`--dest-creds=${login}`]),
      `oci:${directory}`,
      `docker://${target}`,
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A tar of files, made by the npm package `tar`; parents come first. */
export async function makeTar(files: Files): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-tar-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      if (isCopy(content)) await copyFile(content.copy, path);
      else await writeFile(path, content);
    }
    const tops = [...new Set(Object.keys(files).map((name) => name.split('/')[0] ?? name))];
    const file = `${directory}.out`;
    await create({ cwd: directory, file, portable: true, mtime: new Date(0) }, tops);
    const bytes = await readFile(file);
    await rm(file);
    return bytes;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function isCopy(content: string | Uint8Array | { copy: string }): content is { copy: string } {
  return typeof content === 'object' && !(content instanceof Uint8Array);
}

export function blob(mediaType: string, bytes: Buffer): TestBlob {
  return { mediaType, digest: sha256(bytes), size: bytes.length, bytes };
}

export function json(mediaType: string, value: unknown): TestBlob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

export function descriptor({ mediaType, digest, size }: TestBlob): {
  mediaType: string;
  digest: string;
  size: number;
} {
  return { mediaType, digest, size };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function hostArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
