import { expect, test } from 'vitest';
import { parseImageConfig } from '../../../../src/image/oci/image-config.js';

const DIFF_ID = `sha256:${'a'.repeat(64)}`;

function parse(value: object): ReturnType<typeof parseImageConfig> {
  return parseImageConfig(Buffer.from(JSON.stringify(value)), 'config of x');
}

test('a config as Docker writes it, nulls included, becomes our type', () => {
  const config = parse({
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    created: '2026-01-02T03:04:05Z',
    author: 'me',
    config: {
      User: 'app',
      Env: ['A=1'],
      Entrypoint: null,
      Cmd: ['sh'],
      WorkingDir: '/srv',
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      Labels: { a: 'b', __proto__x: 'c' },
      StopSignal: 'SIGINT',
      Shell: ['/bin/bash', '-c'],
      Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9, Retries: 3 },
      OnBuild: null,
    },
    rootfs: { type: 'layers', diff_ids: [DIFF_ID] },
    history: [{ created_by: 'RUN x', empty_layer: true }, { comment: 'c' }],
  });
  expect(config).toEqual({
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    created: '2026-01-02T03:04:05Z',
    author: 'me',
    user: 'app',
    env: ['A=1'],
    entrypoint: null,
    cmd: ['sh'],
    workingDir: '/srv',
    exposedPorts: ['80/tcp'],
    volumes: ['/data'],
    labels: { a: 'b', __proto__x: 'c' },
    stopSignal: 'SIGINT',
    shell: ['/bin/bash', '-c'],
    healthcheck: { test: ['CMD', 'true'], intervalNs: 5e9, retries: 3 },
    diffIds: [DIFF_ID],
    history: [
      { createdBy: 'RUN x', emptyLayer: true },
      { comment: 'c', emptyLayer: false },
    ],
  });
});

test('a config that says next to nothing is one of an image without layers', () => {
  const config = parse({ rootfs: { type: 'layers' } });
  expect(config).toMatchObject({ user: '', env: [], entrypoint: null, cmd: null, diffIds: [] });
});

test.each([
  [{}, 'rootfs must be an object'],
  [{ rootfs: { diff_ids: ['../../x'] } }, 'which is no digest'],
  [{ rootfs: { diff_ids: [7] } }, 'diff_ids[0] must be a string'],
  [{ rootfs: {}, config: { Env: 'A=1' } }, 'config, Env must be an array'],
  [{ rootfs: {}, config: { Cmd: 'sh' } }, 'config, Cmd must be an array'],
  [{ rootfs: {}, config: { Labels: { a: 1 } } }, 'Labels, a must be a string'],
  [{ rootfs: {}, config: [] }, 'config must be an object'],
])('%j is refused', (value, message) => {
  expect(() => parse(value)).toThrow(message);
});
