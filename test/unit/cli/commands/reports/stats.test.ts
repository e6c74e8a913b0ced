import { describe, expect, it } from 'vitest';
import type { BoxMetrics } from '../../../../../src/engine/report/metrics.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { boxInfo, type FakeWorld, fakeWorld, runCli } from '../../fake-world.js';

const MIB = 2 ** 20;
const RUNNING: BoxMetrics = {
  cpuPercent: 12.345,
  memoryBytes: 5.5 * MIB,
  memoryLimitBytes: 512 * MIB,
  memoryPercent: 1.0742,
  networkBytesReceived: 1_100,
  networkBytesSent: 0,
  networkPacketsReceived: 3,
  networkPacketsSent: 0,
  blockBytesRead: 2_010_000,
  blockBytesWritten: 4_096,
  commandsExecutedTotal: 0,
  execErrorsTotal: 0,
  guestBootDurationMs: 50,
  start: {},
  guest: {
    memoryTotalBytes: 480 * MIB,
    memoryAvailableBytes: 400 * MIB,
    loadAverages: [0, 0, 0],
    processes: 2,
    threads: 3,
    cpuMs: 10,
    uptimeMs: 1_000,
    oomKills: 0,
  },
  host: {
    vmm: { pid: 7, pssBytes: 77 * MIB, rssBytes: 90 * MIB, cpuMs: 40 },
    shim: { pid: 6, pssBytes: MIB, rssBytes: MIB, cpuMs: 1 },
    cpuPercent: 15,
  },
};
const ENDED: BoxMetrics = {
  ...RUNNING,
  cpuPercent: undefined,
  memoryBytes: undefined,
  memoryPercent: undefined,
  networkBytesReceived: undefined,
  blockBytesRead: undefined,
  blockBytesWritten: undefined,
  guest: undefined,
  host: undefined,
};

const web = boxInfo({ name: 'web' });
const job = boxInfo({ id: '01kaz3v5h8w2q6n9r4t7y1m0dy', name: 'job', status: 'stopped' });

function engine(onSample: (name?: string) => void = () => undefined, boxes = [web, job]) {
  const samplers = new Set<object>();
  return {
    samplers,
    listInfo: () => Promise.resolve(boxes),
    get: (key: string) => {
      const info = boxes.find(({ id, name }) => id === key || name === key);
      const sampleMetrics = (): object => {
        const sampler = {
          sample: () => {
            onSample(info?.name);
            return Promise.resolve(info === web ? RUNNING : ENDED);
          },
          [Symbol.asyncDispose]: () => Promise.resolve(void samplers.delete(sampler)),
        };
        samplers.add(sampler);
        return sampler;
      };
      return Promise.resolve(info && { id: info.id, name: info.name, sampleMetrics });
    },
  };
}

const terminal = (columns: number, environment?: Record<string, string>): FakeWorld => {
  const world = fakeWorld(environment);
  Object.assign(world.stdout, { isTTY: true, columns, rows: 24 });
  return world;
};

describe('a box that can’t be asked', () => {
  const other = boxInfo({ id: '01kaz3v5h8w2q6n9r4t7y1m0dz', name: 'other' });
  const refusing = () =>
    engine(
      (name) => {
        if (name === 'other') throw new BoxliteError('protocol', 'it speaks generation 1');
      },
      [web, other],
    );

  it('is named once and left out, when nobody has named it', async () => {
    const format = ['--no-stream', '--format', '{{.Name}}'];
    const { status, stdout, stderr } = await runCli(['stats', ...format], refusing());
    expect([status, stdout, stderr]).toEqual([
      0,
      'web\n',
      'boxlite: box other is left out: it speaks generation 1\n',
    ]);
  });

  it('is an error for whoever has', async () => {
    const { status, stderr } = await runCli(['stats', '--no-stream', 'other'], refusing());
    expect([status, stderr]).toEqual([1, expect.stringContaining('it speaks generation 1')]);
  });
});

describe('stats --no-stream', () => {
  it('prints docker’s columns for what runs', async () => {
    const fake = engine();
    const { status, stdout } = await runCli(['stats', '--no-stream'], fake);
    expect(status).toBe(0);
    expect(stdout).toBe(
      'CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT   MEM %     NET I/O      BLOCK I/O        PIDS\n' +
        '01kaz3v5h8w2   web       12.35%    5.5MiB / 512MiB     1.07%     1.1kB / 0B   2.01MB / 4.1kB   3\n',
    );
    expect(fake.samplers.size).toBe(0);
  });

  it('has the host’s memory in json, and docker’s keys', async () => {
    const { stdout } = await runCli(['stats', '--no-stream', '--format', 'json', 'web'], engine());
    expect(JSON.parse(stdout)).toEqual({
      BlockIO: '2.01MB / 4.1kB',
      CPUPerc: '12.35%',
      Container: 'web',
      ID: '01kaz3v5h8w2',
      MemPerc: '1.07%',
      MemUsage: '5.5MiB / 512MiB',
      Name: 'web',
      NetIO: '1.1kB / 0B',
      PIDs: '3',
      HostCPUPerc: '15.00%',
      HostMem: '78MiB',
    });
  });

  it('calls a box what the user called it, and by its id when nobody named it', async () => {
    const container = async (...words: string[]): Promise<string> =>
      (await runCli(['stats', '--no-stream', '--format={{.Container}}', ...words], engine()))
        .stdout;
    expect(await container('web')).toBe('web\n');
    expect(await container(web.id)).toBe(`${web.id}\n`);
    expect(await container()).toBe('01kaz3v5h8w2\n');
  });

  it('shows -- for the name of a box that has none', async () => {
    const nameless = { ...web, name: undefined };
    const format = ['--no-stream', '--format', '{{.Name}} {{.ID}}'];
    const { stdout } = await runCli(['stats', ...format], engine(undefined, [nameless]));
    expect(stdout).toBe('-- 01kaz3v5h8w2\n');
  });

  it('with -a shows that what has ended uses nothing', async () => {
    const format = '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}';
    const { stdout } = await runCli(['stats', '-a', '--no-stream', '--format', format], engine());
    expect(stdout).toBe('web 12.35% 5.5MiB / 512MiB 3\njob 0.00% 0B / 0B 0\n');
  });

  it('refuses a box that is not there before it looks at any', async () => {
    const looked = (): never => {
      throw new Error('looked');
    };
    const { status, stderr } = await runCli(['stats', 'web', 'nope'], engine(looked));
    expect([status, stderr]).toEqual([1, expect.stringMatching(/No such box: nope/)]);
  });

  it('shows the host’s memory on a terminal that has room for it, and breaks no line', async () => {
    const wide = await runCli(['stats', '--no-stream'], engine(), terminal(140));
    expect(wide.stdout.split('\n')[0]).toMatch(/PIDS +HOST MEM$/);
    const narrow = await runCli(['stats', '--no-stream'], engine(), terminal(40));
    for (const line of narrow.stdout.trimEnd().split('\n'))
      expect(line.length).toBeLessThanOrEqual(40);
  });

  it.each([
    [100, /^CONTAINER ID +NAME +CPU % .* +BLOCK I\/O +PIDS +HOST MEM$/],
    [88, /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/],
    [76, /^NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/],
    [56, /^NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +PIDS$/],
    [40, /^NAME +CPU % +MEM USAGE \/ LIMIT$/],
  ])('on %i columns shows as much as can be read', async (columns, header) => {
    const { stdout } = await runCli(['stats', '--no-stream'], engine(), terminal(columns));
    const [first = '', ...rows] = stdout.trimEnd().split('\n');
    expect(first).toMatch(header);
    for (const row of rows) {
      expect(row.length).toBeLessThan(columns);
      expect(row.replace(/^\S+/, '')).not.toContain('…');
    }
  });
});

describe('stats', () => {
  it('refreshes its lines in place until Ctrl-C, and leaves the cursor below them', async () => {
    const world = terminal(140);
    let looks = 0;
    const fake = engine(() => {
      looks += 1;
      if (looks === 3) world.signals.emit('SIGINT');
    });
    const { status, stdout } = await runCli(['stats'], fake, world);
    expect(status).toBe(0);
    expect(stdout.match(/CONTAINER ID/g)).toHaveLength(1);
    expect(stdout.endsWith('\n')).toBe(true);
    expect([fake.samplers.size, world.signals.listenerCount('SIGINT')]).toEqual([0, 0]);
  });

  it('prints each look below the last on a dumb terminal, with no escape sequence', async () => {
    const world = terminal(140, { TERM: 'dumb' });
    let looks = 0;
    const fake = engine(() => {
      looks += 1;
      if (looks === 4) world.signals.emit('SIGINT');
    }, [web]);
    const { status, stdout } = await runCli(['stats'], fake, world);
    expect(status).toBe(0);
    expect(stdout.match(/CONTAINER ID/g)?.length).toBeGreaterThan(1);
    expect(stdout).not.toContain('\x1b');
  });
});
