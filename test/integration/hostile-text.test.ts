import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOXLITE, type CliResult, run } from '../helpers/cli.js';
import { type Interference, startFakeRegistry } from '../helpers/fake-registry.js';
import {
  blobsOf,
  descriptor,
  json,
  makeImage,
  type TestBlob,
  writeLayout,
} from '../helpers/images.js';
import { tar } from '../helpers/tar-builder.js';

/** Retitles the window, clears the screen, colours, turns the text around, goes back, forges a line. */
const HOSTILE = '\u001b]0;t\u0007\u001b[2J\u009b31m\u202e\r\b\nforged: run this';
/** The part of it that a header of HTTP may hold. */
const IN_HEADER = '\u009b31m';
/** What a terminal acts on; a tab stands in tables of Docker's as well. */
const ACTING = /[^\n\t\P{Cc}]|\p{Cf}|\p{Zl}|\p{Zp}/u;

const OCI = 'application/vnd.oci.image';

let work: string;
let home: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'boxlite-hostile-text-'));
  home = join(work, 'home');
});
afterAll(() => rm(work, { recursive: true, force: true }));

const boxlite = (args: readonly string[], env = {}): Promise<CliResult> =>
  run(BOXLITE, args, { env: { HOME: work, BOXLITE_HOME: home, LANG: 'C.UTF-8', ...env } });

function expectHarmless({ stdout, stderr }: CliResult): void {
  for (const text of [stdout.toString(), stderr]) {
    expect(text).not.toMatch(ACTING);
    expect(text).not.toMatch(/^forged/m);
  }
}

const CONFIG = json(`${OCI}.config.v1+json`, { architecture: 'amd64', os: 'linux' });

const manifestOf = (change: object): TestBlob =>
  json(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(CONFIG),
    layers: [],
    ...change,
  });
const indexOf = (...manifests: object[]): TestBlob =>
  json(`${OCI}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests,
  });
const configOf = (change: object): TestBlob[] => {
  const config = json(`${OCI}.config.v1+json`, {
    ...{ architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' },
    rootfs: { type: 'layers', diff_ids: [] },
    ...change,
  });
  return [manifestOf({ config: descriptor(config) }), config];
};

const MANIFESTS: Record<string, TestBlob[]> = {
  'the media type of a manifest': [manifestOf({ mediaType: HOSTILE })],
  'the media type of a config': [
    manifestOf({ config: { ...descriptor(CONFIG), mediaType: HOSTILE } }),
  ],
  'the digest of a config': [manifestOf({ config: { ...descriptor(CONFIG), digest: HOSTILE } })],
  'the size of a config': [manifestOf({ config: { ...descriptor(CONFIG), size: HOSTILE } })],
  'the media type of a layer': [
    manifestOf({ layers: [{ ...descriptor(CONFIG), mediaType: HOSTILE }] }),
    CONFIG,
  ],
  'the platforms of an index': [
    indexOf({ ...descriptor(CONFIG), platform: { os: HOSTILE, architecture: HOSTILE } }),
  ],
  'the keys of an object': [manifestOf({ config: { [HOSTILE]: 1 }, [HOSTILE]: [HOSTILE] })],
  'the architecture of a config': configOf({ os: HOSTILE, architecture: HOSTILE }),
  'the layers of a config': configOf({ rootfs: { type: HOSTILE, diff_ids: [HOSTILE] } }),
  'what a config runs': configOf({
    config: { Cmd: HOSTILE, Env: [HOSTILE], User: { [HOSTILE]: 1 }, WorkingDir: [HOSTILE] },
  }),
  'the health check of a config': configOf({ config: { Healthcheck: { Test: HOSTILE } } }),
};

test.each(Object.entries(MANIFESTS))('a pull tells of %s without obeying it', async (_, blobs) => {
  const registry = await startFakeRegistry([], undefined, blobs);
  try {
    const result = await boxlite(['pull', `${registry.host}/a:1`], { BOXLITE_DEBUG: '1' });
    expect(result.status).toBe(1);
    expectHarmless(result);
  } finally {
    await registry.stop();
  }
});

const answer =
  (status: number, headers: Record<string, string>, body: string): Interference =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
    return true;
  };
const complaint = JSON.stringify({
  errors: [{ code: HOSTILE, message: HOSTILE, detail: HOSTILE }],
});

const ANSWERS: Record<string, Interference> = {
  'a refusal': answer(403, { 'content-type': 'application/json' }, complaint),
  'a fault': answer(400, { 'content-type': 'application/json' }, complaint),
  'a page that is no JSON': answer(404, { 'content-type': `text/html${IN_HEADER}` }, HOSTILE),
  'a challenge': answer(
    401,
    { 'www-authenticate': `Bearer realm="${IN_HEADER}",service="${IN_HEADER}"` },
    complaint,
  ),
  'a kind of challenge': answer(401, { 'www-authenticate': `${IN_HEADER} realm="x"` }, HOSTILE),
  'a redirection': answer(307, { location: `https://${IN_HEADER}/${IN_HEADER}` }, ''),
  'a manifest that is none': answer(
    200,
    { 'content-type': `application/${IN_HEADER}`, 'docker-content-digest': IN_HEADER },
    HOSTILE,
  ),
};

test.each(Object.entries(ANSWERS))(
  'a pull is given %s without obeying it',
  async (_, interfere) => {
    const registry = await startFakeRegistry([], interfere);
    try {
      const result = await boxlite(['pull', `${registry.host}/a:1`], { BOXLITE_DEBUG: '1' });
      expect(result.status).toBe(1);
      expectHarmless(result);
    } finally {
      await registry.stop();
    }
  },
);

test('a list of tags names none that is no tag', async () => {
  const list = JSON.stringify({ name: 'a', tags: [HOSTILE, 'x'] });
  const registry = await startFakeRegistry([], answer(200, {}, list));
  try {
    const result = await boxlite(['pull', '-a', `${registry.host}/a`]);
    expect(result.status).toBe(1);
    expectHarmless(result);
  } finally {
    await registry.stop();
  }
});

const ARCHIVES: Record<string, object[]> = {
  names: [{ Config: 'c.json', RepoTags: [HOSTILE], Layers: [] }],
  'a path of a config': [{ Config: HOSTILE, RepoTags: ['a:1'], Layers: [] }],
  'paths of layers': [{ Config: 'c.json', RepoTags: ['a:1'], Layers: [HOSTILE] }],
  keys: [{ [HOSTILE]: HOSTILE }],
};

test.each(Object.entries(ARCHIVES))('a load tells of %s without obeying them', async (_, top) => {
  const directory = await mkdtemp(join(work, 'archive-'));
  await writeFile(join(directory, 'manifest.json'), JSON.stringify(top));
  await writeFile(join(directory, 'c.json'), CONFIG.bytes);
  await writeFile(join(directory, HOSTILE.replaceAll('/', '_')), 'x');
  const file = join(work, 'archive.tar');
  await create({ cwd: directory, file }, ['.']);
  const result = await boxlite(['load', '-i', file], { BOXLITE_DEBUG: '1' });
  expect(result.status).toBe(1);
  expectHarmless(result);
});

test('an image of a hostile name is loaded without one, or not at all', async () => {
  const image = await makeImage({ layers: [{ 'etc/x': 'x' }] });
  for (const key of ['org.opencontainers.image.ref.name', 'io.containerd.image.name']) {
    const directory = await mkdtemp(join(work, 'layout-'));
    await writeLayout(
      directory,
      [{ blob: image.manifest, annotations: { [key]: HOSTILE } }],
      [...blobsOf(image)],
    );
    expectHarmless(await boxlite(['load', '-i', directory], { BOXLITE_DEBUG: '1' }));
  }
});

test.each([
  ['is of an unknown type', { name: HOSTILE, type: 'Z' }],
  ['comes by an attribute', { name: 'a', pax: { path: `../${HOSTILE}`, size: HOSTILE } }],
])('an entry of a layer that %s is named without obeying its name', async (_, entry) => {
  const image = await makeImage({ layers: [tar(entry)] });
  const directory = await mkdtemp(join(work, 'layout-'));
  await writeLayout(directory, [{ blob: image.manifest }], blobsOf(image));
  const result = await boxlite(['load', '-i', directory], { BOXLITE_DEBUG: '1' });
  expect(result.status).toBe(1);
  expectHarmless(result);
});

test('an image whose every text is hostile is listed, shown and described in plain text', async () => {
  const image = await makeImage({
    layers: [{ 'etc/x': 'x' }],
    config: {
      ...{ Cmd: [HOSTILE], Entrypoint: [HOSTILE], Env: [`A=${HOSTILE}`], User: HOSTILE },
      ...{ WorkingDir: `/${HOSTILE}`, Labels: { [HOSTILE]: HOSTILE }, StopSignal: 'TERM' },
    },
  });
  const parsed = JSON.parse(image.config.bytes.toString()) as object;
  const config = json(image.config.mediaType, {
    ...parsed,
    author: HOSTILE,
    comment: HOSTILE,
    history: [{ created_by: HOSTILE, comment: HOSTILE, author: HOSTILE }],
  });
  const layers = image.layers.map(descriptor);
  const manifest = manifestOf({
    config: descriptor(config),
    layers,
    annotations: { [HOSTILE]: HOSTILE },
  });
  const directory = await mkdtemp(join(work, 'layout-'));
  const annotations = { 'org.opencontainers.image.ref.name': 'hostile:1' };
  await writeLayout(
    directory,
    [{ blob: manifest, annotations }],
    [...[manifest, config], ...image.layers],
  );
  const loaded = await boxlite(['load', '-i', directory]);
  expect(loaded).toMatchObject({ status: 0, stderr: '' });
  expectHarmless(loaded);
  for (const args of [
    ['images'],
    ['images', '--format', 'json'],
    ['history', 'hostile:1'],
    ['history', '--no-trunc', 'hostile:1'],
    ['history', '--format', 'json', 'hostile:1'],
    ['image', 'inspect', 'hostile:1'],
    ['inspect', '--format', 'json', 'hostile:1'],
    ['events', '--since', '1', '--until', '0s'],
    ['events', '--since', '1', '--until', '0s', '--format', 'json'],
    ['__complete', 'run', ''],
    ['rmi', `${HOSTILE}:1`],
    ['run', HOSTILE],
    ['run', '--memory', HOSTILE, 'hostile:1'],
    [`--${HOSTILE}`],
    [HOSTILE],
    ['inspect', HOSTILE],
  ])
    expectHarmless(await boxlite(args));
});
