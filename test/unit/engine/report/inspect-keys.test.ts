import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspectBox } from '../../../../src/engine/report/inspect.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { boxInfo } from '../../../../src/engine/state/box-info.js';
import { Home } from '../../../../src/host/home.js';
import type { BoxRecord } from '../../../../src/store/box-record.js';
import { boxRecord, boxSpec } from '../engine-fixture.js';

const inspect = (options: BoxOptions = {}, record: Partial<BoxRecord> = {}, image = {}) =>
  inspectBox(new Home('/h'), boxRecord({ ...record, options: boxSpec(options, image) }));

/** Of Docker's API, less what is only there when it is set. */
const KEYS = [
  ...['Id', 'Created', 'Path', 'Args', 'State', 'Image', 'ResolvConfPath', 'HostnamePath'],
  ...['HostsPath', 'LogPath', 'Name', 'RestartCount', 'Driver', 'Platform', 'MountLabel'],
  ...[
    'ProcessLabel',
    'AppArmorProfile',
    'ExecIDs',
    'HostConfig',
    'GraphDriver',
    'Mounts',
    'Config',
  ],
  'NetworkSettings',
];
const CONFIG_KEYS = [
  ...['Hostname', 'Domainname', 'User', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty'],
  ...['OpenStdin', 'StdinOnce', 'Env', 'Cmd', 'Image', 'Volumes', 'WorkingDir', 'Entrypoint'],
  ...['Labels', 'StopSignal', 'StopTimeout'],
];
const HOST_CONFIG_KEYS = [
  ...['Binds', 'ContainerIDFile', 'LogConfig', 'NetworkMode', 'PortBindings', 'RestartPolicy'],
  ...['AutoRemove', 'VolumeDriver', 'VolumesFrom', 'ConsoleSize', 'CapAdd', 'CapDrop'],
  ...['CgroupnsMode', 'Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts', 'GroupAdd', 'IpcMode'],
  ...['Cgroup', 'Links', 'OomScoreAdj', 'PidMode', 'Privileged', 'PublishAllPorts'],
  ...['ReadonlyRootfs', 'SecurityOpt', 'UTSMode', 'UsernsMode', 'ShmSize', 'Isolation'],
  ...['CpuShares', 'Memory', 'NanoCpus', 'CgroupParent', 'BlkioWeight', 'BlkioWeightDevice'],
  ...['BlkioDeviceReadBps', 'BlkioDeviceWriteBps', 'BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps'],
  ...['CpuPeriod', 'CpuQuota', 'CpuRealtimePeriod', 'CpuRealtimeRuntime', 'CpusetCpus'],
  ...['CpusetMems', 'Devices', 'DeviceCgroupRules', 'DeviceRequests', 'MemoryReservation'],
  ...['MemorySwap', 'MemorySwappiness', 'OomKillDisable', 'PidsLimit', 'Ulimits', 'CpuCount'],
  ...['CpuPercent', 'IOMaximumIOps', 'IOMaximumBandwidth', 'MaskedPaths', 'ReadonlyPaths'],
];

test('all of Docker’s keys are there, in its order, before ours', () => {
  const { HostConfig, Config, ...box } = inspect();
  expect(Object.keys(inspect())).toEqual([...KEYS, 'Boxlite']);
  expect(Object.keys(Config)).toEqual(CONFIG_KEYS);
  expect(Object.keys(HostConfig)).toEqual([...HOST_CONFIG_KEYS, 'DiskSize']);
  expect(Object.keys(box.NetworkSettings)).toEqual(
    expect.arrayContaining(['SandboxID', 'SandboxKey', 'Ports', 'IPAddress', 'Networks']),
  );
});

test('what is only there when it is set has its place, too', () => {
  const sized = inspectBox(new Home('/h'), boxRecord(), {
    size: { writableBytes: 1, rootBytes: 3 },
  });
  expect(sized).toMatchObject({ SizeRw: 1, SizeRootFs: 3 });
  expect(Object.keys(sized).indexOf('SizeRw')).toBe(Object.keys(sized).indexOf('Mounts') - 2);
  const { HostConfig, Config } = inspect(
    { init: true, annotations: { b: '2', a: '1' }, tmpfs: [{ guestPath: '/t' }] },
    {},
    { volumes: ['/data'], exposedPorts: ['80/tcp', '443/tcp'] },
  );
  expect(HostConfig).toMatchObject({ Init: true });
  expect(JSON.stringify(HostConfig.Annotations)).toBe('{"a":"1","b":"2"}');
  expect(Object.keys(HostConfig).at(-2)).toBe('Init');
  expect(Object.keys(HostConfig)).toContain('Tmpfs');
  expect(Config.Volumes).toEqual({ '/data': {} });
  expect(JSON.stringify(Config.ExposedPorts)).toBe('{"443/tcp":{},"80/tcp":{}}');
});

test('a box that runs listens at what it exposes, bound to nothing unless it is published', () => {
  const listening: BoxOptions = { exposedPorts: ['80/tcp', '53/udp'] };
  const ports = (options: BoxOptions, record: Partial<BoxRecord>) =>
    inspect(options, record, { exposedPorts: ['443/tcp'] }).NetworkSettings.Ports;
  const all = { '443/tcp': null, '53/udp': null, '80/tcp': null };
  expect(ports(listening, { status: 'running' })).toEqual(all);
  expect(ports(listening, { status: 'stopped' })).toEqual({});
  expect(ports({ ...listening, network: 'none' }, { status: 'running' })).toEqual({});
  const info = (status: BoxRecord['status']) =>
    boxInfo(boxRecord({ status, options: boxSpec(listening) }));
  expect(info('running')).toMatchObject({ exposedPorts: ['80/tcp', '53/udp'], ports: [] });
  expect(info('stopped')).toMatchObject({ exposedPorts: [], ports: [] });
});

describe('published ports', () => {
  const publishing: BoxOptions = {
    ports: ['80', '[::1]:8080:80', '7000-7001:53/udp'],
    publishAll: true,
  };
  const at = (hostAddress: string, hostPort: number, boxPort: number) => ({
    ...{ protocol: boxPort === 53 ? 'udp' : 'tcp', hostAddress, hostPort, boxPort },
  });
  const ports = [
    ...[at('127.0.0.1', 49_153, 80), at('::1', 8080, 80), at('127.0.0.1', 7001, 53)],
    at('127.0.0.1', 49_154, 443),
  ];
  const inspected = (status: BoxRecord['status']) =>
    inspect(publishing, { status, ports }, { exposedPorts: ['443/tcp'] });

  test('are bound to what the host listens at, while the box runs', () => {
    expect(inspected('running').NetworkSettings.Ports).toEqual({
      '443/tcp': [{ HostIp: '127.0.0.1', HostPort: '49154' }],
      '53/udp': [{ HostIp: '127.0.0.1', HostPort: '7001' }],
      '80/tcp': [
        { HostIp: '127.0.0.1', HostPort: '49153' },
        { HostIp: '::1', HostPort: '8080' },
      ],
    });
    expect(inspected('stopped').NetworkSettings.Ports).toEqual({});
  });

  test('are shown as they were asked for, those of publishAll by its name', () => {
    expect(inspected('stopped').HostConfig).toMatchObject({
      PublishAllPorts: true,
      PortBindings: {
        '53/udp': [{ HostIp: '127.0.0.1', HostPort: '7000-7001' }],
        '80/tcp': [
          { HostIp: '127.0.0.1', HostPort: '' },
          { HostIp: '::1', HostPort: '8080' },
        ],
      },
    });
    expect(inspected('stopped').HostConfig.PortBindings).not.toHaveProperty('443/tcp');
    expect(inspect().HostConfig).toMatchObject({ PortBindings: {}, PublishAllPorts: false });
  });

  test('count as exposed', () => {
    expect(inspected('configured').Config.ExposedPorts).toEqual({
      ...{ '443/tcp': {}, '53/udp': {}, '80/tcp': {} },
    });
  });

  test('are in the box’s information while it runs', () => {
    const info = (status: BoxRecord['status']) =>
      boxInfo(boxRecord({ status, ports, options: boxSpec(publishing) }));
    expect(info('running').ports).toEqual(ports);
    expect(info('stopped').ports).toEqual([]);
  });
});

test('a box has addresses in its network while it runs', () => {
  const addresses = {
    Gateway: '10.0.2.2',
    GlobalIPv6Address: 'fd62:6f78:6c74::15',
    GlobalIPv6PrefixLen: 64,
    IPAddress: '10.0.2.15',
    IPPrefixLen: 24,
    IPv6Gateway: 'fd62:6f78:6c74::2',
    MacAddress: '02:42:ac:11:00:02',
  };
  const options: BoxOptions = { macAddress: addresses.MacAddress };
  expect(inspect(options, { status: 'running' }).NetworkSettings).toMatchObject({
    ...addresses,
    Networks: { default: addresses },
  });
  const { NetworkSettings } = inspect({}, { status: 'running' });
  expect(NetworkSettings.MacAddress).toMatch(/^02:42:/);
  const nothing = { IPAddress: '', MacAddress: '', GlobalIPv6PrefixLen: 0 };
  expect(inspect(options).NetworkSettings).toMatchObject({
    ...nothing,
    Networks: { default: nothing },
  });
  const { HostConfig, NetworkSettings: none } = inspect({ network: 'none' }, { status: 'running' });
  expect(HostConfig.NetworkMode).toBe('none');
  expect(none).toMatchObject({ ...nothing, Networks: { none: nothing } });
});

test('a box shows the network that it was given, and its rules in one spelling', () => {
  const rules: BoxOptions = { allowNet: ['10.1.1.1/8'], denyNet: ['10.1.1.1'], allowHost: [80] };
  const { HostConfig, NetworkSettings, Boxlite } = inspect({ network: 'public', ...rules });
  expect(HostConfig.NetworkMode).toBe('public');
  expect(Object.keys(NetworkSettings.Networks as object)).toEqual(['public']);
  expect(Boxlite.NetworkPolicy).toEqual({
    ...{ Allow: ['10.0.0.0/8'], Deny: ['10.1.1.1'], HostPorts: [80] },
    Log: false,
  });
  expect(inspect({ logNet: true }).Boxlite.NetworkPolicy).toEqual({
    ...{ Allow: [], Deny: [], HostPorts: [], Log: true },
  });
  expect(inspect({ network: 'internal' }).Boxlite.NetworkPolicy).toBeNull();
  expect(boxInfo(boxRecord({ options: boxSpec({ network: 'internal' }) })).network).toBe(
    'internal',
  );
});

test('what each box is given is not among its variables, unless somebody asked for it', () => {
  const env = (options: BoxOptions, image = {}) => inspect(options, {}, image).Config.Env;
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  expect(env({ tty: true })).toEqual([path]);
  expect(env({ env: ['HOSTNAME=mine', 'TERM=dumb'], tty: true }, { env: ['A=1'] })).toEqual([
    path,
    'HOSTNAME=mine',
    'TERM=dumb',
    'A=1',
  ]);
});

test('the image’s platform is kept with the box', () => {
  expect(boxInfo(boxRecord({ options: boxSpec({}) })).platform).toBe('linux/amd64');
  expect(inspect().Platform).toBe('linux');
});

test('hidden paths are those that the guest hides', () => {
  const source = readFileSync(
    new URL('../../../../native/guest/box/root/stage.c', import.meta.url),
    'utf8',
  );
  const listed = (name: string): string[] => {
    const body = new RegExp(`${name}\\[\\] = \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
    return Array.from(body.matchAll(/"([^"]+)"/g), ([, path]) => `/${path ?? ''}`);
  };
  const { MaskedPaths, ReadonlyPaths } = inspect().HostConfig;
  expect(MaskedPaths).toEqual(listed('masked'));
  expect(ReadonlyPaths).toEqual(listed('read_only'));
  expect(listed('masked').length).toBeGreaterThan(5);
  expect(inspect({ privileged: true }).HostConfig).toMatchObject({
    MaskedPaths: null,
    ReadonlyPaths: null,
  });
});
