import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from '../../src/host/home.js';
import type { ImageConfig } from '../../src/image/oci/image-config.js';
import type { StoredImage } from '../../src/image/store/image-record.js';
import { keepNothing } from '../../src/image/store/keep.js';
import { DEFAULT_LAYER_LIMITS } from '../../src/image/store/layer-limits.js';
import { commitImage, type CommitRequest } from '../../src/image/transfer/commit.js';
import { importRootfs } from '../../src/image/transfer/import.js';
import { makeTar } from '../helpers/images.js';

let home: Home;
let base: StoredImage;

beforeAll(async () => {
  home = new Home(await mkdtemp(join(tmpdir(), 'boxlite-commit-')));
  base = await importRootfs(home, stream(await makeTar({ 'etc/a': 'a' })), {
    changes: [
      'ENV PATH=/bin',
      'CMD ["old"]',
      'HEALTHCHECK --interval=5s --retries=7 CMD old',
      'ONBUILD RUN old',
      'STOPSIGNAL QUIT',
      'EXPOSE 80',
      'VOLUME /data',
    ],
  });
});
afterAll(() => rm(home.root, { recursive: true }));

test('variables are expanded, and an ENTRYPOINT takes away the command of the base', async () => {
  const config = await commit('ENV PATH=$PATH:/x', 'ENTRYPOINT ["new"]');
  expect(config).toMatchObject({ env: ['PATH=/bin:/x'], entrypoint: ['new'], cmd: null });
});

test('a healthcheck has from the one before what it leaves open', async () => {
  const { healthcheck } = await commit('HEALTHCHECK --timeout=2s --retries=0 CMD new');
  const test = ['CMD-SHELL', 'new'];
  expect(healthcheck).toEqual({ test, intervalNs: 5e9, timeoutNs: 2e9, retries: 7 });
  expect((await commit('HEALTHCHECK NONE')).healthcheck?.test).toEqual(['NONE']);
});

test('triggers for the next build are added to those that wait', async () => {
  expect((await commit('ONBUILD COPY . /')).onBuild).toEqual(['RUN old', 'COPY . /']);
});

type RunValues = ReturnType<CommitRequest['run']>;

const commit = (...changes: string[]): Promise<ImageConfig> => commitWith({}, ...changes);

async function commitWith(run: RunValues, ...changes: string[]): Promise<ImageConfig> {
  const { config } = await commitImage(home, base, {
    layer: stream(await makeTar({ 'etc/b': 'b' })),
    run: () => run,
    changes,
    message: '',
    author: '',
    keep: keepNothing,
    limits: DEFAULT_LAYER_LIMITS,
  });
  return config;
}

test('what the box leaves alone stays as the base has it', async () => {
  expect(await commitWith({ User: 'me' })).toMatchObject({
    user: 'me',
    stopSignal: 'QUIT',
    exposedPorts: ['80/tcp'],
    volumes: ['/data'],
    healthcheck: { test: ['CMD-SHELL', 'old'], intervalNs: 5e9, retries: 7 },
  });
});

test('the box’s values replace the base’s, and a change comes over both', async () => {
  const run: RunValues = {
    Cmd: null,
    StopSignal: 'SIGINT',
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Healthcheck: { Test: ['CMD', 'box'], Interval: 9e9 },
  };
  expect(await commitWith(run, 'EXPOSE 81', 'HEALTHCHECK --retries=2 CMD new')).toMatchObject({
    cmd: null,
    stopSignal: 'SIGINT',
    exposedPorts: ['80/tcp', '53/udp', '81/tcp'],
    volumes: ['/data'],
    healthcheck: { test: ['CMD-SHELL', 'new'], intervalNs: 9e9, retries: 2 },
  });
});

async function* stream(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
