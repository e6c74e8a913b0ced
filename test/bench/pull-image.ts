import { randomBytes } from 'node:crypto';
import { debianLayout } from '../helpers/debian-image.js';
import { blob, json, makeTar, sha256, type TestBlob } from '../helpers/images.js';
import { isRecord } from './json.js';
import { timeProgram } from './time-program.js';

/** An image in a registry, by its name there. */
export interface PullImage {
  reference: string;
  layers: { digest: string; size: number }[];
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const FILES = 200;
const FILE_BYTES = 4000;

/**
 * Pushes the image to pull, and a second one that is the first and one layer more: an application of a
 * few hundred source files, as people build them.
 * @param layout `DIR:TAG`; default a Debian with python3
 */
export async function pushPullImages(
  host: string,
  layout: string | undefined,
  signal: AbortSignal,
): Promise<{ base: PullImage; app: PullImage }> {
  const source = layout ?? `${await debianLayout('python')}:python`;
  const target = `docker://${host}/bench:base`;
  const copy = ['skopeo', 'copy', '-q', '--preserve-digests', '--dest-tls-verify=false'];
  await timeProgram([...copy, `oci:${source}`, target], { env: process.env, signal });
  const manifest = await fetchJson(`http://${host}/v2/bench/manifests/base`);
  const base = { reference: `${host}/bench:base`, layers: layersOf(manifest) };
  const app = await pushApp(host, manifest);
  return { base, app: { reference: `${host}/bench:app`, layers: layersOf(app) } };
}

async function pushApp(host: string, base: Json): Promise<Json> {
  const files = Array.from({ length: FILES }, (_, i): [string, Buffer] => [
    `srv/app/module${i}.py`,
    Buffer.from(randomBytes(FILE_BYTES / 2).toString('hex')),
  ]);
  const tar = await makeTar(Object.fromEntries(files));
  const layer = blob('application/vnd.oci.image.layer.v1.tar', tar);
  const { digest } = part(base, 'config');
  const oldConfig = await fetchJson(`http://${host}/v2/bench/blobs/${String(digest)}`);
  const rootfs = part(oldConfig, 'rootfs');
  const config = json('application/vnd.oci.image.config.v1+json', {
    ...oldConfig,
    history: undefined,
    rootfs: { ...rootfs, diff_ids: [...list(rootfs.diff_ids), sha256(tar)] },
  });
  await pushBlob(host, layer);
  await pushBlob(host, config);
  const describe = ({ mediaType, digest: name, size }: TestBlob) => {
    return { mediaType, digest: name, size };
  };
  const layers = [...list(base.layers), describe(layer)];
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: describe(config), layers };
  await send('PUT', `http://${host}/v2/bench/manifests/app`, JSON.stringify(manifest), MANIFEST);
  return manifest;
}

/** In one piece (distribution-spec, "POST then PUT"). */
async function pushBlob(host: string, { digest, bytes }: TestBlob): Promise<void> {
  const started = await send('POST', `http://${host}/v2/bench/blobs/uploads/`);
  const target = new URL(started.headers.get('location') ?? '', `http://${host}`);
  target.searchParams.set('digest', digest);
  await send('PUT', target.href, new Uint8Array(bytes), 'application/octet-stream');
}

async function send(
  method: string,
  url: string,
  body?: string | Uint8Array<ArrayBuffer>,
  type?: string,
): Promise<Response> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body }),
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });
  if (!response.ok)
    throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

type Json = Record<string, unknown>;

async function fetchJson(url: string): Promise<Json> {
  const response = await fetch(url, { headers: { accept: MANIFEST } });
  const value: unknown = await response.json();
  if (!response.ok || !isRecord(value)) throw new Error(`${url}: ${JSON.stringify(value)}`);
  return value;
}

function part(value: Json, key: string): Json {
  const found = value[key];
  if (!isRecord(found)) throw new Error(`the image has no ${key}`);
  return found;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function layersOf(manifest: Json): PullImage['layers'] {
  return list(manifest.layers).flatMap((layer) =>
    isRecord(layer) ? [{ digest: String(layer.digest), size: Number(layer.size) }] : [],
  );
}

/** Bytes of the layers as the registry has them; what is in both images counts once. */
export function bytesOf(...images: readonly PullImage[]): number {
  const sizes = new Map(
    images.flatMap(({ layers }) => layers.map((one) => [one.digest, one.size])),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
