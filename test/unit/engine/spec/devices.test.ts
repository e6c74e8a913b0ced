import { expect, test } from 'vitest';
import { ANY_DEVICE, LIMITS } from '../../../../src/agent/protocol.js';
import {
  deviceRequests,
  settleDeviceRules,
  settleDevices,
} from '../../../../src/engine/spec/devices.js';

test.each([
  ['/dev/fuse', { source: '/dev/fuse', target: '/dev/fuse', permissions: 'rwm' }],
  ['/dev/fuse:/dev/x/fuse', { source: '/dev/fuse', target: '/dev/x/fuse', permissions: 'rwm' }],
  ['/dev/net/tun:rw', { source: '/dev/net/tun', target: '/dev/net/tun', permissions: 'rw' }],
  ['/dev/net/tun:/dev/tun:r', { source: '/dev/net/tun', target: '/dev/tun', permissions: 'r' }],
  ['/dev/fuse::m', { source: '/dev/fuse', target: '/dev/fuse', permissions: 'm' }],
])('the device %s is read', (text, expected) => {
  expect(settleDevices([text], false)).toEqual([expected]);
});

test.each([
  ['/dev/sda', 'unsupported', 'device /dev/sda of the host is not given to boxes'],
  ['/dev/dri', 'unsupported', 'device /dev/dri of the host is not given to boxes'],
  ['vendor.com/class=name', 'unsupported', 'device vendor.com/class=name of the host'],
  ['toString', 'unsupported', 'device toString of the host is not given to boxes'],
  ['/dev/kvm', 'unsupported', '/dev/kvm is there for a box with virtualization'],
  ['', 'invalid-argument', 'invalid device specification: '],
  [
    '/dev/fuse:/dev/a:r:x',
    'invalid-argument',
    'invalid device specification: /dev/fuse:/dev/a:r:x',
  ],
  ['/dev/fuse:/dev/a:rr', 'invalid-argument', 'invalid device mode: rr'],
  ['/dev/fuse:/etc/passwd', 'invalid-argument', '/etc/passwd is not a path for a device'],
  ['/dev/fuse:/dev/../etc/x', 'invalid-argument', '/dev/../etc/x is not a path for a device'],
  ['/dev/fuse:/dev/x/', 'invalid-argument', '/dev/x/ is not a path for a device'],
  ['/dev/fuse:/dev/./x', 'invalid-argument', '/dev/./x is not a path for a device'],
  ['/dev/fuse:/dev/', 'invalid-argument', '/dev/ is not a path for a device'],
])('the device %j is refused', (text, code, message) => {
  expect(() => settleDevices([text], false)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
  );
});

test('/dev/kvm is for a box with virtualization of its own', () => {
  expect(settleDevices(['/dev/kvm'], true)).toMatchObject([{ target: '/dev/kvm' }]);
});

test.each(['', 'c 1:3', 'c 1:3 x', 'd 1:3 r', 'c 1:3 rwmr', 'c -1:3 r', 'c 1:3 r\n', 'c  1:3 r'])(
  'the rule %j is refused',
  (rule) => {
    expect(() => settleDeviceRules([rule])).toThrow(`invalid device cgroup format '${rule}'`);
  },
);

test('a rule for all devices is one for each kind', () => {
  expect(deviceRequests([], settleDeviceRules(['a *:* rwm', 'b 254:* r']))).toEqual([
    { path: '', kind: 1, access: 7, major: ANY_DEVICE, minor: ANY_DEVICE, mode: 0 },
    { path: '', kind: 2, access: 7, major: ANY_DEVICE, minor: ANY_DEVICE, mode: 0 },
    { path: '', kind: 1, access: 2, major: 254, minor: ANY_DEVICE, mode: 0 },
  ]);
});

test('there is an end to how many', () => {
  const rules = Array.from({ length: LIMITS.MAX_DEVICES / 2 + 1 }, () => 'a *:* rwm');
  expect(() => deviceRequests([], rules)).toThrow('a box can have 64 devices and rules, not 66');
});
