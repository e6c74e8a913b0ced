import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import {
  isLocalAddress,
  lookUpOutside,
  refuseLocal,
} from '../../../../../src/image/registry/http/local-address.js';

it.each([
  ['0.0.0.0', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['169.254.169.254', true],
  ['100.100.100.200', true],
  ['::', true],
  ['::1', true],
  ['fe80::1', true],
  ['fd00:ec2::254', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:a9fe:a9fe', true],
  ['10.1.2.3', false],
  ['192.168.0.1', false],
  ['fd12::1', false],
  ['::ffff:10.0.0.1', false],
  ['140.82.112.3', false],
  ['2606:50c0::1', false],
  ['example.com', false],
])('%s is an address that only this machine reaches: %s', (address, local) => {
  expect(isLocalAddress(address)).toBe(local);
});

it.each([
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::1]:8443/',
  'https://[::ffff:169.254.169.254]/',
  'https://169.254.169.254/latest/meta-data',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://0/',
])('%s is refused without a look-up', (url) => {
  expect(() => refuseLocal(new URL(url))).toThrow(/an address that only this machine reaches/);
});

it.each(['https://registry.example.com/', 'https://10.0.0.1/', 'https://localhost.example.com/'])(
  '%s is not refused by its name',
  (url) => {
    expect(() => refuseLocal(new URL(url))).not.toThrow();
  },
);

it.each([{ all: true }, { all: false }, {}])(
  'a name that resolves to this machine is not connected to (%j)',
  async (options) => {
    const look = promisify<string, object, unknown>(lookUpOutside as never);
    await expect(look('localhost', options)).rejects.toMatchObject({ code: 'registry-protocol' });
    await expect(look('192.0.2.7', options)).resolves.toBeDefined();
  },
);
