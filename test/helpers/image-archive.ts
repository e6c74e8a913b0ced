import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';

export interface ArchiveImage {
  /** Directories of root file systems, base first; each becomes a layer. */
  layers: readonly string[];
  /** `Entrypoint`, `Cmd`, `Env`, `User`, `WorkingDir`, … */
  config: Readonly<Record<string, unknown>>;
  reference: string;
  /** Whether to gzip the layers of the OCI layout; true by default. */
  gzip?: boolean;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** Writes an OCI image layout into `directory`. */
export async function writeOciLayout(directory: string, image: ArchiveImage): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  const tars = await Promise.all(image.layers.map(tarOf));
  const suffix = image.gzip === false ? '' : '+gzip';
  const layers = await Promise.all(
    tars.map((tar) =>
      writeBlob(
        directory,
        `application/vnd.oci.image.layer.v1.tar${suffix}`,
        image.gzip === false ? tar : gzipSync(tar),
      ),
    ),
  );
  const config = await writeBlob(
    directory,
    'application/vnd.oci.image.config.v1+json',
    json(configOf(image, tars)),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = json({ schemaVersion: 2, mediaType, config, layers });
  const descriptor = await writeBlob(directory, mediaType, manifest);
  const annotations = { 'org.opencontainers.image.ref.name': image.reference };
  await writeFile(
    join(directory, 'index.json'),
    json({ schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }),
  );
  await writeFile(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}

/** Writes the files of a `docker save` archive into `directory`. */
export async function writeDockerArchive(directory: string, image: ArchiveImage): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tars = await Promise.all(image.layers.map(tarOf));
  const names = tars.map((tar) => `${sha256(tar)}.tar`);
  await Promise.all(tars.map((tar, n) => writeFile(join(directory, names[n] ?? ''), tar)));
  const config = json(configOf(image, tars));
  const configName = `${sha256(config)}.json`;
  await writeFile(join(directory, configName), config);
  await writeFile(
    join(directory, 'manifest.json'),
    json([{ Config: configName, RepoTags: [image.reference], Layers: names }]),
  );
}

/** Packs a directory's entries at the top level of the archive. */
export async function pack(directory: string, file: string): Promise<string> {
  await create({ file, cwd: directory, portable: true }, ['.']);
  return file;
}

function configOf(image: ArchiveImage, tars: readonly Buffer[]): object {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '2024-01-02T03:04:05Z',
    config: image.config,
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    history: tars.map((_, n) => ({ created_by: `layer ${n}` })),
  };
}

async function tarOf(directory: string): Promise<Buffer> {
  const file = await pack(directory, `${directory}.layer.tar`);
  const tar = await readFile(file);
  await rm(file);
  return tar;
}

async function writeBlob(layout: string, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  const digest = sha256(bytes);
  await writeFile(join(layout, 'blobs', 'sha256', digest), bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
