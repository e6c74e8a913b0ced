import { expect, test } from 'vitest';
import { inspectBox } from '../../../../src/engine/report/inspect.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { boxInfo } from '../../../../src/engine/state/box-info.js';
import { Home } from '../../../../src/host/home.js';
import type { BoxStatus } from '../../../../src/store/status.js';
import { BOX_ID, boxRecord, boxSpec } from '../engine-fixture.js';

const HOME = new Home('/h');

test('a box that never ran has Docker’s empty times and no process', () => {
  expect(inspectBox(HOME, boxRecord()).State).toEqual({
    Status: 'created',
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 0,
    Error: '',
    StartedAt: '0001-01-01T00:00:00Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  });
});

test.each<[BoxStatus, string, boolean]>([
  ['configured', 'created', false],
  ['running', 'running', true],
  ['stopping', 'running', true],
  ['stopped', 'exited', false],
  ['unknown', 'unknown', false],
])('a %s box is %s to Docker’s users', (status, dockerStatus, running) => {
  const record = boxRecord({ status, pid: 42, shimPid: 41 });
  const { State, Boxlite } = inspectBox(HOME, record);
  expect(State).toMatchObject({
    Status: dockerStatus,
    Running: running,
    Pid: running ? 42 : 0,
  });
  expect(Boxlite.ShimPid).toBe(running ? 41 : null);
});

test('entrypoint and command are told apart again', () => {
  const both = boxRecord({ options: boxSpec({ command: ['-l'] }, { entrypoint: ['/bin/ls'] }) });
  expect(inspectBox(HOME, both)).toMatchObject({
    Path: '/bin/ls',
    Args: ['-l'],
    Config: { Entrypoint: ['/bin/ls'], Cmd: ['-l'] },
  });
  const commandOnly = inspectBox(HOME, boxRecord({ options: boxSpec({ command: ['ls', '-l'] }) }));
  expect(commandOnly).toMatchObject({
    Path: 'ls',
    Args: ['-l'],
    Config: { Entrypoint: null, Cmd: ['ls', '-l'] },
  });
});

test.each<[BoxOptions, string[] | null]>([
  [{}, null],
  [{ privileged: true }, null],
  [{ security: { seccomp: false } }, ['seccomp=unconfined']],
  [{ security: 'maximum' }, ['no-new-privileges']],
  [
    { security: { seccomp: false, noNewPrivileges: true } },
    ['no-new-privileges', 'seccomp=unconfined'],
  ],
])('the security options of %j are %j', (options, expected) => {
  const { HostConfig } = inspectBox(HOME, boxRecord({ options: boxSpec(options) }));
  expect(HostConfig.SecurityOpt).toEqual(expected);
});

test('limits come in Docker’s units, and our own facts under one key', () => {
  const record = boxRecord({
    options: boxSpec({ cpus: 2, memoryMib: 256 }),
    accelerator: 'tcg',
    templateKey: 'k1',
    timings: { totalMs: 210 },
    startCount: 3,
  });
  expect(inspectBox(HOME, record, { logPath: '/h/output.log' })).toMatchObject({
    HostConfig: {
      ...{ NanoCpus: 2e9, Memory: 268_435_456, NetworkMode: 'default' },
      LogConfig: { Type: 'local', Config: { 'max-file': '5', 'max-size': '20m' } },
    },
    LogPath: '/h/output.log',
    Boxlite: {
      Accelerator: 'tcg',
      Template: 'k1',
      StartTimings: { totalMs: 210 },
      StartCount: 3,
      Directory: `/h/boxes/${BOX_ID}`,
    },
  });
});

test.each([
  ['has', undefined, null],
  [
    'has with its modules',
    { path: '/k', modules: '/m', version: '6.1', digest: 'd' },
    { Path: '/k', Modules: '/m', Version: '6.1', Digest: 'd' },
  ],
  [
    'has without modules',
    { path: '/k', version: '6.1', digest: 'd' },
    { Path: '/k', Modules: null, Version: '6.1', Digest: 'd' },
  ],
])('the kernel of its own that a box %s is shown', (_what, kernel, shown) => {
  const options = { ...boxSpec(), ...(kernel && { kernel }) };
  expect(inspectBox(HOME, boxRecord({ options })).Boxlite.Kernel).toEqual(shown);
});

test('mounts are shown as Docker shows them', () => {
  const options = {
    ...boxSpec({ tmpfs: [{ guestPath: '/run', options: 'size=1m,ro' }] }),
    volumes: [
      { source: '/srv/link', path: '/srv/data', target: '/data', readOnly: true },
      { source: '/w', path: '/w', target: '/work', readOnly: false, watch: true as const },
    ],
  };
  const bind = { Type: 'bind', Propagation: 'rprivate' };
  expect(inspectBox(HOME, boxRecord({ options }))).toMatchObject({
    Mounts: [
      { ...bind, Source: '/srv/link', Destination: '/data', Mode: 'ro', RW: false },
      { ...bind, Source: '/w', Destination: '/work', Mode: 'watch', RW: true },
      { Type: 'tmpfs', Source: '', Destination: '/run', Mode: '', RW: false, Propagation: '' },
    ],
    HostConfig: {
      Binds: ['/srv/link:/data:ro', '/w:/work:watch'],
      Tmpfs: { '/run': 'size=1m,ro' },
    },
  });
});

test('a box of a time without volumes has none', () => {
  const { volumes, tmpfs, ...older } = boxSpec();
  expect([volumes, tmpfs]).toEqual([[], []]);
  const inspection = inspectBox(HOME, boxRecord({ options: older }));
  expect(inspection).toMatchObject({ Mounts: [], HostConfig: { Binds: null } });
  expect(inspection.HostConfig).not.toHaveProperty('Tmpfs');
});

test('info has undefined where the store has null, and times as dates', () => {
  const info = boxInfo(boxRecord({ name: null, startedAt: 5, exitCode: 0 }));
  expect(info).toMatchObject({
    id: BOX_ID,
    name: undefined,
    pid: undefined,
    exitCode: 0,
    startedAt: new Date(5),
    finishedAt: undefined,
    createdAt: new Date(1_000),
    command: ['/bin/sh'],
  });
});

test('tells by Docker’s names what a box was given', () => {
  const options = {
    ...{ cpus: 1.5, cpuShares: 512, cpusetCpus: '0-1', memoryMib: 512, memoryReservationMib: 128 },
    ...{ sysctls: { 'net.ipv4.ip_forward': '1' }, groupAdd: ['audio'], oomScoreAdj: 5 },
    ...{ dns: '1.1.1.1', dnsSearch: ['a.test'], dnsOptions: ['rotate'], domainname: 'b.test' },
    ...{ devices: ['/dev/fuse:r'], deviceRules: ['c 1:3 r'], ipc: 'none' as const },
    ...{ macAddress: '02:42:AC:11:00:02', security: { maskedPaths: false } },
  };
  const inspection = inspectBox(HOME, boxRecord({ options: boxSpec(options) }));
  expect(inspection.Config).toMatchObject({
    Domainname: 'b.test',
    MacAddress: '02:42:ac:11:00:02',
  });
  const { HostConfig } = inspection;
  expect(HostConfig).toMatchObject({
    ...{ NanoCpus: 1.5e9, CpuShares: 512, CpuPeriod: 0, CpuQuota: 0, CpusetCpus: '0-1' },
    ...{ MemoryReservation: 128 * 2 ** 20, MemorySwap: 512 * 2 ** 20, OomScoreAdj: 5 },
    ...{ Sysctls: { 'net.ipv4.ip_forward': '1' }, GroupAdd: ['audio'], IpcMode: 'none' },
    ...{ Dns: ['1.1.1.1'], DnsSearch: ['a.test'], DnsOptions: ['rotate'] },
    Devices: [{ PathOnHost: '/dev/fuse', PathInContainer: '/dev/fuse', CgroupPermissions: 'r' }],
    DeviceCgroupRules: ['c 1:3 r'],
    ...{ MaskedPaths: [], ReadonlyPaths: [] },
  });
});

test('knows the one name server of a box that was made before there could be several', () => {
  const options = { ...boxSpec(), dns: '1.1.1.1' };
  expect(inspectBox(HOME, boxRecord({ options })).HostConfig.Dns).toEqual(['1.1.1.1']);
});
