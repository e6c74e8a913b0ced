import { expect, test } from 'vitest';
import {
  checkHostname,
  settleNetworkIdentity,
} from '../../../../../src/engine/spec/network/network-identity.js';
import type { BoxOptions } from '../../../../../src/engine/spec/options.js';

test.each(['a', 'web-1.example.org', 'a'.repeat(64)])('%s is a host name', (hostname) => {
  expect(checkHostname(hostname)).toBe(hostname);
});

test.each(['a'.repeat(65), '', '-a', 'a.', 'a b', 'a\n127.0.0.1 evil'])(
  '%j is no host name',
  (hostname) => {
    expect(() => checkHostname(hostname)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `invalid hostname "${hostname}"`,
      }),
    );
  },
);

test('an address of hyphens and capitals is written as Linux writes it', () => {
  expect(settleNetworkIdentity({ macAddress: '02-42-AC-11-00-02' })).toMatchObject({
    macAddress: '02:42:ac:11:00:02',
  });
});

test.each<[Omit<BoxOptions, 'image'>, string]>([
  [{ domainname: '-x' }, 'invalid domain name "-x"'],
  [{ domainname: 'a\nb' }, 'invalid domain name "a\nb"'],
  [{ macAddress: '02:42' }, '02:42 is not a valid mac address'],
  [{ macAddress: '01:00:5e:00:00:01' }, '01:00:5e:00:00:01 is not the address of an interface'],
  [
    { macAddress: '02:42:ac:11:00:02', network: 'none' },
    'a box without a network has no MAC address',
  ],
  [{ macAddress: '00:00:00:00:00:00' }, '00:00:00:00:00:00 is not the address of an interface'],
])('%j is refused', (options, message) => {
  expect(() => settleNetworkIdentity(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message }),
  );
});
