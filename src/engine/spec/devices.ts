/** Optional devices of the box's own kernel, in addition to those of every box. */
import { ANY_DEVICE, DEVICE_ACCESS, DEVICE_KINDS, LIMITS } from '../../agent/protocol.js';
import { BoxliteError } from '../../errors.js';

export interface BoxDevice {
  /** As the caller named it: the host's name for a device of the box's kernel. */
  source: string;
  target: string;
  /** `rwm` or a part of it. */
  permissions: string;
}

type Numbers = readonly [major: number, minor: number];

/**
 * Linux's numbers (Documentation/admin-guide/devices.txt). All users may open them: everybody in the box
 * belongs to its owner.
 */
const DEVICES: Readonly<Record<string, Numbers>> = {
  '/dev/fuse': [10, 229],
  '/dev/net/tun': [10, 200],
  '/dev/kvm': [10, 232],
  '/dev/null': [1, 3],
  '/dev/zero': [1, 5],
  '/dev/full': [1, 7],
  '/dev/random': [1, 8],
  '/dev/urandom': [1, 9],
  '/dev/tty': [5, 0],
};
const NODE_MODE = 0o666;

/**
 * @param given `SOURCE[:TARGET][:rwm]` each
 * @throws unsupported for a device of the host, invalid-argument
 */
export function settleDevices(given: readonly string[], nested: boolean): BoxDevice[] {
  return given.map((text) => {
    const device = parseDevice(text);
    checkSource(device, nested);
    if (!isPlace(device.target))
      throw new BoxliteError('invalid-argument', `${device.target} is not a path for a device`, {
        hint: 'it must be below /dev',
      });
    return device;
  });
}

/** @throws invalid-argument for a rule that does not look like `c 10:229 rwm` */
export function settleDeviceRules(rules: readonly string[]): string[] {
  for (const rule of rules) parseRule(rule);
  return [...rules];
}

/** As the guest agent expects them. @throws invalid-argument when there are too many */
export function deviceRequests(devices: readonly BoxDevice[], rules: readonly string[]) {
  const requests = [...devices.map(requestOf), ...rules.flatMap(parseRule)];
  if (requests.length > LIMITS.MAX_DEVICES)
    throw new BoxliteError(
      'invalid-argument',
      `a box can have ${LIMITS.MAX_DEVICES} devices and rules, not ${requests.length}`,
    );
  return requests;
}

/** Two parts are source and target, unless the second one is the permissions (docker/cli). */
function parseDevice(text: string): BoxDevice {
  const [source = '', second = '', third = '', ...rest] = text.split(':');
  const bare = third === '' && isPermissions(second);
  const target = bare || second === '' ? source : second;
  const permissions = (bare ? second : third) || 'rwm';
  if (source === '' || rest.length > 0)
    throw new BoxliteError('invalid-argument', `invalid device specification: ${text}`);
  if (!isPermissions(permissions))
    throw new BoxliteError('invalid-argument', `invalid device mode: ${permissions}`, {
      hint: 'r, w and m, each at most once',
    });
  return { source, target, permissions };
}

function checkSource({ source }: BoxDevice, nested: boolean): void {
  if (!Object.hasOwn(DEVICES, source))
    throw new BoxliteError('unsupported', `device ${source} of the host is not given to boxes`, {
      hint: 'a box may have its own /dev/fuse, /dev/net/tun, and with --nested /dev/kvm',
    });
  if (source === '/dev/kvm' && !nested)
    throw new BoxliteError('unsupported', '/dev/kvm is there for a box with virtualization', {
      hint: 'add --nested',
    });
}

/** Only the box's own /dev is allowed: nothing of the image or of an earlier run is in the way there. */
function isPlace(target: string): boolean {
  const [root, dev, ...parts] = target.split('/');
  const named = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  return (
    root === '' &&
    dev === 'dev' &&
    parts.length > 0 &&
    named &&
    !/[\0\n]/.test(target) &&
    target.length < 100
  );
}

function isPermissions(text: string): boolean {
  return /^(?!.*(.).*\1)[rwm]{1,3}$/.test(text);
}

function requestOf({ source, target, permissions }: BoxDevice) {
  const [major, minor] = DEVICES[source] ?? [0, 0];
  const access = accessOf(permissions);
  return { path: target, kind: DEVICE_KINDS.CHARACTER, access, major, minor, mode: NODE_MODE };
}

function parseRule(rule: string) {
  const [, kind = '', major = '', minor = '', permissions = ''] =
    /^([acb]) (\d{1,7}|\*):(\d{1,7}|\*) ([rwm]{1,3})$/.exec(rule) ?? [];
  if (kind === '')
    throw new BoxliteError('invalid-argument', `invalid device cgroup format '${rule}'`, {
      hint: "as in 'c 10:229 rwm'",
    });
  const number = (text: string): number => (text === '*' ? ANY_DEVICE : Number(text));
  const kinds = [
    ...(kind === 'c' ? [] : [DEVICE_KINDS.BLOCK]),
    ...(kind === 'b' ? [] : [DEVICE_KINDS.CHARACTER]),
  ];
  const access = accessOf(permissions);
  return kinds.map((each) => ({
    ...{ path: '', kind: each, access, mode: 0 },
    ...{ major: number(major), minor: number(minor) },
  }));
}

function accessOf(permissions: string): number {
  return (
    (permissions.includes('m') ? DEVICE_ACCESS.MKNOD : 0) |
    (permissions.includes('r') ? DEVICE_ACCESS.READ : 0) |
    (permissions.includes('w') ? DEVICE_ACCESS.WRITE : 0)
  );
}
