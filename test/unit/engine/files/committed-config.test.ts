import { expect, test } from 'vitest';
import { committedConfig } from '../../../../src/engine/files/committed-config.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import type { ImageConfig } from '../../../../src/image/oci/image-config.js';
import { boxSpec, imageConfig } from '../engine-fixture.js';

const CHECKED: Partial<ImageConfig> = {
  healthcheck: { test: ['CMD', 'image'], intervalNs: 1e9, retries: 7 },
  stopSignal: 'QUIT',
  exposedPorts: ['80/tcp'],
};

const committed = (options: BoxOptions, image: Partial<ImageConfig> = {}) =>
  JSON.parse(
    JSON.stringify(committedConfig(boxSpec(options, image), imageConfig(image))),
  ) as object;

test('a box without options of its own leaves the image’s stop signal and healthcheck alone', () => {
  for (const image of [{}, CHECKED]) {
    const config = committed({ command: ['sh'] }, image);
    expect(config).not.toHaveProperty('StopSignal');
    expect(config).not.toHaveProperty('Healthcheck');
  }
});

test('a box’s stop signal goes into the image', () => {
  expect(committed({ command: ['sh'], stopSignal: '9' })).toMatchObject({ StopSignal: 'SIGKILL' });
  expect(committed({ command: ['sh'], stopSignal: 'TERM' }, CHECKED)).toMatchObject({
    StopSignal: 'SIGTERM',
  });
  const unknown = { stopSignal: 'NONSENSE' };
  expect(committed({ command: ['sh'], stopSignal: 'TERM' }, unknown)).toMatchObject({
    StopSignal: 'SIGTERM',
  });
});

test('a box’s ports join those of the image', () => {
  expect(committed({ command: ['sh'], exposedPorts: ['53/udp'] }, CHECKED)).toMatchObject({
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
  });
  expect(committed({ command: ['sh'] })).not.toHaveProperty('ExposedPorts');
});

test('volumes that a box has by their path join those of the image', () => {
  const image = { volumes: ['/data'] };
  const volumes = [{ guestPath: '/path' }, { name: 'named', guestPath: '/srv' }];
  expect(committed({ command: ['sh'], volumes }, image)).toMatchObject({
    Volumes: { '/data': {}, '/path': {} },
  });
  const named = [{ name: 'named', guestPath: '/srv' }];
  expect(committed({ command: ['sh'], volumes: named }, image)).not.toHaveProperty('Volumes');
});

test('a box’s healthcheck has nanoseconds, and defaults are left out', () => {
  const healthcheck = { test: ['CMD-SHELL', 'box'], intervalMs: 1500, startPeriodMs: 1 };
  expect(committed({ command: ['sh'], healthcheck })).toMatchObject({
    Healthcheck: { Test: ['CMD-SHELL', 'box'], Interval: 1.5e9, StartPeriod: 1e6 },
  });
});

test('a healthcheck that is partly the image’s is joined', () => {
  const config = committed({ command: ['sh'], healthcheck: { timeoutMs: 2000 } }, CHECKED);
  expect(config).toHaveProperty('Healthcheck', {
    Test: ['CMD', 'image'],
    Interval: 1e9,
    Timeout: 2e9,
    Retries: 7,
  });
});

test('a box without the image’s healthcheck makes an image that has it turned off', () => {
  const off = { command: ['sh'], healthcheck: { test: ['NONE'] } };
  expect(committed(off, CHECKED)).toHaveProperty('Healthcheck', { Test: ['NONE'] });
  expect(committed(off)).not.toHaveProperty('Healthcheck');
});
