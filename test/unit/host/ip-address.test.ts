import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { addressBytes, ipv4Number, isAddress } from '../../../src/host/ip-address.js';

test.each([
  ['10.0.2.15', '0a00020f'],
  ['0.0.0.0', '00000000'],
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['fd62:6f78:6c74::15', 'fd626f786c7400000000000000000015'],
  ['FE80::', 'fe800000000000000000000000000000'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['2001:0db8::0:0:1', '20010db8000000000000000000000001'],
  ['::ffff:10.0.2.15', '00000000000000000000ffff0a00020f'],
])('%s has the bytes %s', (address, bytes) => {
  expect(addressBytes(address).toString('hex')).toBe(bytes);
});

test('an IPv4 address is a number, its first byte the highest', () => {
  expect([ipv4Number('10.0.2.15'), ipv4Number('255.255.255.255')]).toEqual([
    0x0a00_020f, 0xffff_ffff,
  ]);
});

test.each([
  ...[
    '127.0.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '256.0.0.1',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4.5',
    '0x7f.1',
  ],
  ...[
    '::',
    '::1',
    '1::',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    ':::',
    ':',
  ],
  ...[
    '1:2:3:4:5:6:7',
    ':1::',
    '1:',
    'FE80::A',
    '12345::',
    'g::',
    '::ffff:1.2.3.4',
    '::1.2.3',
    '1.2.3.4::',
  ],
  ...[
    '::1.2.3.256',
    '::01.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
    '64:ff9b::192.0.2.1',
  ],
  ...[
    '[::1]',
    '::1]',
    '::1/64',
    '::1#',
    '::1?',
    ' ::1',
    '::1 ',
    '::1\n',
    '::\t1',
    '',
    'a',
    'localhost',
    '٣::',
  ],
])('%j is an address to us as it is to Node', (text) => {
  expect(isAddress(text)).toBe(isIP(text) !== 0);
});

test('an address with a zone is none', () => {
  expect(isAddress('fe80::1%eth0')).toBe(false);
});
