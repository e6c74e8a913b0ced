import { expect, test } from 'vitest';
import type { NetworkLogEntry } from '../../../../src/engine/report/network-log.js';
import type { PublishedPort } from '../../../../src/engine/spec/network/ports.js';
import { runCli } from '../fake-world.js';

const port = (hostPort: number, boxPort: number): PublishedPort => ({
  ...{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort, boxPort },
});

const ENTRIES: NetworkLogEntry[] = [
  {
    ...{ time: new Date(0), allowed: true, protocol: 'tcp', address: '192.0.2.1', port: 443 },
    ...{ name: 'a.test', rule: 'a.test:443', leftOut: 0 },
  },
  {
    ...{ time: new Date(1), allowed: false, protocol: 'udp', address: '2001:db8::1', port: 53 },
    leftOut: 7,
  },
  {
    ...{ time: new Date(2), allowed: false, protocol: 'icmp', address: '192.0.2.1', port: 0 },
    leftOut: 0,
  },
];

/** The box `web`, and what it was asked. */
function fakeEngine(published: PublishedPort[] = []) {
  const calls: unknown[] = [];
  const note = (...call: unknown[]): Promise<PublishedPort[]> => {
    calls.push(call);
    return Promise.resolve(published);
  };
  const box = {
    ...{ id: 'web', name: 'web' },
    publish: (...args: unknown[]) => note('publish', ...args),
    unpublish: (...args: unknown[]) => note('unpublish', ...args),
    changeNetworkPolicy: (change: object) => note('change', change),
    networkPolicy: () => ({
      ...{ network: 'default', mode: 'listed', log: true },
      ...{ allow: ['a.test'], deny: ['10.0.0.0/8'], hostPorts: [80] },
    }),
    networkLog: (options: object) => {
      calls.push(options);
      return ENTRIES;
    },
  };
  return { calls, engine: { get: () => Promise.resolve(box) } };
}

test('port add prints where the host listens, and nothing of a port that is not chosen yet', async () => {
  const { engine, calls } = fakeEngine([port(50_000, 90), port(8080, 80), port(0, 91)]);
  const outcome = await runCli(['port', 'add', 'web', '90', '8080:80', '91'], engine);
  expect(outcome).toMatchObject({
    ...{ status: 0, stderr: '' },
    stdout: '80/tcp -> 127.0.0.1:8080\n90/tcp -> 127.0.0.1:50000\n',
  });
  expect(calls).toEqual([['publish', ['90', '8080:80', '91'], {}]]);
});

test('port rm takes ports back', async () => {
  const { engine, calls } = fakeEngine();
  const outcome = await runCli(['port', 'rm', 'web', '80', '90/udp'], engine);
  expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(calls).toEqual([['unpublish', ['80', '90/udp']]]);
});

test('update takes ports back before it publishes others', async () => {
  const { engine, calls } = fakeEngine();
  const outcome = await runCli(['update', '-p', '80:80', '--publish-rm', '81', 'web'], engine);
  expect(outcome).toMatchObject({ status: 0, stdout: 'web\n', stderr: '' });
  expect(calls).toEqual([
    ['unpublish', ['81']],
    ['publish', ['80:80'], {}],
  ]);
});

test('network policy shows the rules in the order in which they count', async () => {
  const { engine, calls } = fakeEngine();
  expect((await runCli(['network', 'policy', 'web'], engine)).stdout).toBe(
    [
      'KIND        RULE',
      'network     default: only what is allowed is reached',
      'deny        10.0.0.0/8',
      'allow       a.test',
      'host port   80',
      'log         on',
      '',
    ].join('\n'),
  );
  const { stdout } = await runCli(['network', 'policy', '--format', 'json', 'web'], engine);
  expect(JSON.parse(stdout)).toMatchObject({ mode: 'listed', hostPorts: [80] });
  expect(calls).toEqual([]);
});

test('network policy changes what is given', async () => {
  const { engine, calls } = fakeEngine();
  const flags = ['--allow-net=b.test', '--deny-net=10.0.0.1', '--allow-host=81', '--remove=a.test'];
  const more = ['--network=public', '--log=off'];
  const outcome = await runCli(['network', 'policy', ...flags, ...more, 'web'], engine);
  expect(outcome).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(calls).toEqual([
    [
      'change',
      {
        ...{ allowNet: ['b.test'], denyNet: ['10.0.0.1'], allowHost: [81], remove: ['a.test'] },
        ...{ network: 'public', logNet: false },
      },
    ],
  ]);
});

test('network log has a line for each decision, and says how many are missing', async () => {
  const { engine, calls } = fakeEngine();
  expect((await runCli(['network', 'log', '-f', '-n', '3', 'web'], engine)).stdout).toBe(
    [
      '1970-01-01T00:00:00.000Z allowed tcp 192.0.2.1:443 a.test (a.test:443)',
      '... 7 left out',
      '1970-01-01T00:00:00.001Z denied  udp [2001:db8::1]:53',
      '1970-01-01T00:00:00.002Z denied  icmp 192.0.2.1',
      '',
    ].join('\n'),
  );
  expect(calls).toEqual([{ follow: true, tail: 3 }]);
  const { stdout } = await runCli(['network', 'log', '--format', 'json', 'web'], engine);
  expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ name: 'a.test', port: 443 });
});
