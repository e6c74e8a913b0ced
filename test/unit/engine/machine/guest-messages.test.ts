import { expect, test } from 'vitest';
import { decodeMessage } from '../../../../src/agent/codec.js';
import { ANY_DEVICE, BOX_FLAGS, EXEC_FLAGS } from '../../../../src/agent/protocol.js';
import {
  bootstrapValues,
  commandValues,
  lendingValues,
  mainValues,
} from '../../../../src/engine/machine/guest-messages.js';
import { healthcheckValues } from '../../../../src/engine/machine/guest-messages.js';
import type { NetworkAddresses } from '../../../../src/engine/spec/network/attachment.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { withPrivileged } from '../../../../src/engine/spec/privileges.js';
import { boxSpec } from '../engine-fixture.js';

const NOFILE = { name: 'nofile', soft: 1, hard: 2 };

/** `docker run --rm alpine grep Cap /proc/self/status`. */
const DOCKER_CAPABILITIES = 0xa80425fbn;

test.each([
  [{}, BOX_FLAGS.NETWORK],
  [{ network: 'none' as const }, 0],
  [{ readOnlyRoot: true }, BOX_FLAGS.NETWORK | BOX_FLAGS.READ_ONLY_ROOT],
  [{ network: 'none' as const, readOnlyRoot: true }, BOX_FLAGS.READ_ONLY_ROOT],
])('a box with %j has flags %d', (options, flags) => {
  expect(bootstrapValues(boxSpec(options)).flags).toBe(flags);
});

test('a box gets its name, shared memory, and a network of its own', () => {
  expect(bootstrapValues(boxSpec({ hostname: 'web', shmBytes: 4096 }))).toMatchObject({
    hostname: 'web',
    shmBytes: 4096n,
    address: ipv4('10.0.2.15'),
    prefix: 24,
    gateway: ipv4('10.0.2.2'),
    address6: Buffer.from('fd626f786c7400000000000000000015', 'hex'),
    prefix6: 64,
    gateway6: Buffer.from('fd626f786c7400000000000000000002', 'hex'),
    mtu: 65_520,
    addresses: [],
    resolvConf: 'nameserver 10.0.2.3\n',
    hosts: '',
    pidsMax: 0,
    domainname: '',
    mac: Buffer.alloc(0),
    mounts: [],
    sysctls: [],
    limits: [],
    devices: [],
  });
});

test('a box of named networks has the first one’s addresses, and one more in each other', () => {
  const links = [
    {
      ...{ network: 'a1', prefix: '172.18.0.0', prefixLength: 16, address: '172.18.0.2' },
      ...{ prefix6: 'fd01::', address6: 'fd01::2', names: ['web'] },
    },
    {
      ...{ network: 'b2', prefix: '172.19.0.0', prefixLength: 24, address: '172.19.0.5' },
      ...{ prefix6: 'fd02::', address6: 'fd02::5', names: ['web'] },
    },
  ];
  const addresses: NetworkAddresses = {
    ...{ prefix: '172.18.0.0', prefixLength: 16, address: '172.18.0.2', gateway: '172.18.0.1' },
    ...{ resolver: '172.18.255.254', prefix6: 'fd01::', prefix6Length: 64, address6: 'fd01::2' },
    ...{ gateway6: 'fd01::1', resolver6: 'fd01::ffff:ffff:ffff:fffe', mtu: 65_520 },
  };
  const spec = boxSpec({ extraHosts: ['host:host-gateway'] });
  expect(bootstrapValues(spec, { addresses, links })).toMatchObject({
    address: ipv4('172.18.0.2'),
    prefix: 16,
    gateway: ipv4('172.18.0.1'),
    address6: Buffer.from('fd010000000000000000000000000002', 'hex'),
    addresses: [
      {
        address: ipv4('172.19.0.5'),
        prefix: 24,
        address6: Buffer.from('fd020000000000000000000000000005', 'hex'),
        prefix6: 64,
      },
    ],
    resolvConf: 'nameserver 172.18.255.254\noptions ndots:0\n',
    hosts: '172.18.0.1\thost\n',
  });
  expect(bootstrapValues(spec, { links }).addresses).toHaveLength(2);
});

test('a box gets what it was given of its kernel', () => {
  const spec = boxSpec({
    ...{ domainname: 'example.org', memoryReservationMib: 128 },
    ...{ sysctls: { 'net.ipv4.ip_forward': '1' }, cpus: 1.5, devices: ['/dev/fuse:/dev/f:r'] },
    ...{ deviceRules: ['a *:3 rw'], dns: ['1.1.1.1', '9.9.9.9'], dnsSearch: ['b.test'] },
    ...{ ipc: 'none', security: { maskedPaths: false } },
  });
  const given = bootstrapValues(spec, {
    macAddress: '02:42:ac:11:00:02',
    hostResolver: 'search a.test\noptions ndots:5\n',
  });
  expect(given).toMatchObject({
    flags: BOX_FLAGS.NETWORK | BOX_FLAGS.UNMASKED | BOX_FLAGS.NO_SHM,
    domainname: 'example.org',
    mac: Buffer.from('0242ac110002', 'hex'),
    resolvConf: 'nameserver 1.1.1.1\nnameserver 9.9.9.9\nsearch b.test\noptions ndots:5\n',
    sysctls: [{ name: 'net/ipv4/ip_forward', value: '1' }],
    limits: [
      { name: 'cpu.max', value: '150000 100000' },
      { name: 'memory.low', value: '134217728' },
    ],
    devices: [
      { path: '/dev/f', kind: 2, access: 2, major: 10, minor: 229, mode: 0o666 },
      { path: '', kind: 1, access: 6, major: ANY_DEVICE, minor: 3, mode: 0 },
      { path: '', kind: 2, access: 6, major: ANY_DEVICE, minor: 3, mode: 0 },
    ],
  });
  // A machine that lends its disks may have other processors, and runs nothing of the box's.
  expect(lendingValues(spec)).toMatchObject({
    ...{ mac: Buffer.alloc(0), resolvConf: '', sysctls: [], limits: [], devices: [] },
  });
});

test('every command of a box has its groups and its place when memory is short', () => {
  const healthcheck = { test: ['CMD', 'true'] };
  const spec = boxSpec({ groupAdd: ['audio', '4242'], oomScoreAdj: -500, healthcheck });
  expect(mainValues(spec)).toMatchObject({ groups: ['audio', '4242'], oomScoreAdj: 500 });
  const { command = Buffer.alloc(0) } = healthcheckValues(spec) ?? {};
  expect(decodeMessage('exec', Buffer.from(command as Buffer))).toMatchObject({
    groups: [Buffer.from('audio'), Buffer.from('4242')],
    oomScoreAdj: 500,
  });
});

test('two boxes share neither entropy nor machine id', () => {
  const [one, other] = [bootstrapValues(boxSpec()), bootstrapValues(boxSpec())];
  expect(one.entropy).toHaveLength(32);
  expect(one.entropy).not.toEqual(other.entropy);
  expect(one.machineId).toMatch(/^[0-9a-f]{32}$/);
  expect(one.machineId).not.toBe(other.machineId);
});

test('the clock is taken when the message is made', () => {
  const before = BigInt(Date.now()) * 1_000_000n;
  const { wallNs } = bootstrapValues(boxSpec());
  expect(wallNs).toBeGreaterThanOrEqual(before);
  expect(wallNs).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000_000n);
});

test.each([
  [{}, EXEC_FLAGS.MAKE_CWD],
  [{ tty: true }, EXEC_FLAGS.MAKE_CWD | EXEC_FLAGS.TTY],
  [{ stdin: true }, EXEC_FLAGS.MAKE_CWD | EXEC_FLAGS.STDIN],
  [{ idle: true }, EXEC_FLAGS.MAKE_CWD | EXEC_FLAGS.IDLE],
  [
    { tty: true, stdin: true, init: true },
    EXEC_FLAGS.MAKE_CWD | EXEC_FLAGS.TTY | EXEC_FLAGS.STDIN | EXEC_FLAGS.INIT,
  ],
])('the command of a box with %j has flags %d', (options, flags) => {
  expect(mainValues(boxSpec(options)).flags).toBe(flags);
});

const { UNCONFINED, NO_NEW_PRIVILEGES } = EXEC_FLAGS;
test.each<[string, BoxOptions, number]>([
  ['ordinary', {}, 0],
  ['with every capability', { capAdd: ['ALL'] }, 0],
  ['privileged', { privileged: true }, UNCONFINED],
  ['of maximum', { security: 'maximum' }, NO_NEW_PRIVILEGES],
  ['of development', { security: 'development' }, 0],
  ['without the filter', { security: { seccomp: false } }, UNCONFINED],
  [
    'privileged of maximum',
    { privileged: true, security: 'maximum' },
    UNCONFINED | NO_NEW_PRIVILEGES,
  ],
])('the command and the checks of a box that is %s are confined alike', (_which, given, flags) => {
  const healthcheck = { test: ['CMD', 'true'] };
  const spec = boxSpec({ ...given, healthcheck, capDrop: ['KILL'], ulimits: [NOFILE] });
  const main = mainValues(spec);
  expect(main.flags & (UNCONFINED | NO_NEW_PRIVILEGES)).toBe(flags);
  const { command = Buffer.alloc(0) } = healthcheckValues(spec) ?? {};
  const check = decodeMessage('exec', Buffer.from(command as Buffer));
  expect(check.flags).toBe(flags);
  expect(check).toMatchObject({ capabilities: main.capabilities, rlimits: main.rlimits });
});

test('a privileged command is under no filter, and gets no new privileges in a box without', () => {
  const { privileges, security } = boxSpec({ security: 'maximum' });
  const command = { argv: ['id'], env: [], workingDir: '/', user: '', timeoutMs: 0 };
  const values = { ...command, tty: undefined, stdin: false, security };
  expect(commandValues({ ...values, privileges }).flags).toBe(NO_NEW_PRIVILEGES);
  expect(commandValues({ ...values, privileges: withPrivileged(privileges, true) }).flags).toBe(
    UNCONFINED | NO_NEW_PRIVILEGES,
  );
});

test('the box’s command is as settled, without a time limit and with Docker’s capabilities', () => {
  const spec = boxSpec({ command: ['ls', ''], env: ['A=1'], user: 'www:0', workingDir: '/srv' });
  expect(mainValues(spec)).toEqual({
    flags: EXEC_FLAGS.MAKE_CWD,
    rows: 24,
    cols: 80,
    timeoutMs: 0,
    capabilities: DOCKER_CAPABILITIES,
    oomScoreAdj: 1_000,
    user: 'www:0',
    groups: [],
    cwd: '/srv',
    argv: ['ls', ''],
    env: spec.env,
    rlimits: [{ resource: 7, soft: 1_024n, hard: 524_288n }],
  });
});

test.each([
  [undefined, { rows: 24, cols: 80 }],
  [
    { rows: 50, cols: 132 },
    { rows: 50, cols: 132 },
  ],
])('the terminal of a box that starts with %j has %j', (given, size) => {
  expect(mainValues(boxSpec({ tty: true }), given)).toMatchObject(size);
});

test('a command beside the box’s own has its terminal and time limit, and makes no directory', () => {
  const command = {
    argv: ['top'],
    env: [],
    workingDir: '/',
    user: '',
    tty: { rows: 10, cols: 20 },
    stdin: true,
    timeoutMs: 1500,
  };
  expect(commandValues(command)).toMatchObject({
    flags: EXEC_FLAGS.TTY | EXEC_FLAGS.STDIN,
    rows: 10,
    cols: 20,
    timeoutMs: 1500,
    capabilities: DOCKER_CAPABILITIES,
  });
  expect(commandValues({ ...command, tty: undefined, stdin: false }).flags).toBe(0);
});

function ipv4(text: string): number {
  return text.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}
