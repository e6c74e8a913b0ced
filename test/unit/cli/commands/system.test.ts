import { describe, expect, it } from 'vitest';
import { VERSION } from '../../../../src/cli/help/version.js';
import type { RuntimeInfo } from '../../../../src/engine/report/runtime-info.js';
import type { SetupEvent, SetupReport, StepResult } from '../../../../src/engine/setup/setup.js';
import { BoxliteError } from '../../../../src/errors.js';
import { fakeWorld, runCli } from '../fake-world.js';

const TEMPLATE = {
  cpus: 1,
  memoryMib: 512,
  image: undefined,
  kernelVersion: '6.1.0-26',
  kernel: undefined,
};
const INFO: RuntimeInfo = {
  version: '0.1.0',
  home: '/root/.boxlite',
  accelerator: { choice: 'auto', used: 'tcg', reason: 'KVM opens but no kernel boots' },
  qemu: { path: '/usr/bin/qemu-system-x86_64', version: '7.2.0' },
  kernel: {
    version: '6.1.0-26',
    path: '/root/.boxlite/assets/vmlinux',
    modules: '/root/.boxlite/assets/lib-modules',
  },
  templates: [
    { ...TEMPLATE, key: 'ab'.repeat(32), bytes: 112_000_000 },
    { ...TEMPLATE, key: 'cd'.repeat(32), bytes: 122_000_000, image: 'localhost/x:1' },
    { ...TEMPLATE, key: 'ef'.repeat(32), bytes: 1_000_000, kernel: '/k', kernelVersion: '6.2.0' },
  ],
  boxes: { total: 4, running: 1, paused: 1, stopped: 2 },
  images: 2,
  store: {
    blobs: 1_000_000,
    layers: 2_000_000,
    disks: 300_000,
    boxes: 4_000_000,
    templates: 234_000_000,
    assets: 50_000_000,
  },
  isolation: [
    { name: 'own user', stands: true, detail: 'one a box' },
    { name: 'user namespaces', stands: false, detail: 'Operation not permitted' },
    { name: 'seccomp', stands: true, detail: 'filters around QEMU' },
  ],
  cpus: 2,
  memoryBytes: 8 * 2 ** 30,
  os: 'Debian GNU/Linux 12',
  problems: [],
};
const info = (fields: Partial<RuntimeInfo> = {}): object => ({
  info: () => Promise.resolve({ ...INFO, ...fields }),
});

describe('info', () => {
  it('tells the accelerator and why, kernel, QEMU and templates', async () => {
    expect(await runCli(['info'], info())).toEqual({
      status: 0,
      stdout: [
        'Version: 0.1.0',
        'Home: /root/.boxlite',
        'Boxes: 4 (1 running, 1 paused, 2 stopped)',
        'Images: 2',
        'Accelerator: tcg (KVM opens but no kernel boots)',
        'QEMU: 7.2.0, /usr/bin/qemu-system-x86_64',
        'Guest kernel: 6.1.0-26, /root/.boxlite/assets/vmlinux',
        ' Modules: /root/.boxlite/assets/lib-modules',
        'Templates: 3 (234MB)',
        ' abababababab: 1 CPU, 512 MiB, 112MB',
        ' cdcdcdcdcdcd: 1 CPU, 512 MiB, 122MB, localhost/x:1',
        ' efefefefefef: 1 CPU, 512 MiB, 1MB, Linux 6.2.0 of /k',
        'Store: 291MB',
        ' Blobs: 1MB',
        ' Layers: 2MB',
        ' Disks: 300kB',
        ' Boxes: 4MB',
        ' Templates: 234MB',
        ' Kernel: 50MB',
        'Isolation: what this host allows',
        ' own user: yes, one a box',
        ' user namespaces: no, Operation not permitted',
        ' seccomp: yes, filters around QEMU',
        'Operating system: Debian GNU/Linux 12',
        'CPUs: 2',
        'Total memory: 8GiB',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('says when KVM was tried, when it will be again, and what can be done before', async () => {
    const accelerator = {
      ...({ choice: 'auto', used: 'tcg', reason: 'KVM is busy', cure: 'end VirtualBox' } as const),
      triedAt: new Date('2026-01-02T03:04:05Z'),
      triedAgainAt: new Date('2026-01-02T03:14:05Z'),
    };
    const { stdout } = await runCli(['info'], info({ accelerator }));
    expect(stdout).toContain(
      'Accelerator: tcg (KVM is busy)\n' +
        ' Tried: 2026-01-02T03:04:05.000Z; a start after 2026-01-02T03:14:05.000Z tries again\n' +
        ' What to do: end VirtualBox\n',
    );
    const format = '{{.Accelerator.TriedAt}} {{.Accelerator.TriedAgainAt}} {{.Accelerator.Cure}}';
    expect((await runCli(['info', '-f', format], info({ accelerator }))).stdout).toBe(
      '2026-01-02T03:04:05.000Z 2026-01-02T03:14:05.000Z end VirtualBox\n',
    );
  });

  it('has a word for a KVM that was not tried', async () => {
    const accelerator = { choice: 'auto', used: undefined, reason: 'KVM is new' } as const;
    expect((await runCli(['info'], info({ accelerator }))).stdout).toContain(
      'Accelerator: not tried (KVM is new)\n',
    );
    expect(
      (await runCli(['info', '-f', '{{.Accelerator.Used}}'], info({ accelerator }))).stdout,
    ).toBe('not tried\n');
  });

  it('prints Docker’s keys and ours as JSON, or a template of them', async () => {
    const { stdout } = await runCli(['info', '--format', 'json'], info());
    expect(JSON.parse(stdout)).toMatchObject({
      NCPU: 2,
      ContainersRunning: 1,
      ContainersPaused: 1,
      ContainersStopped: 2,
      Accelerator: { Used: 'tcg' },
      Store: { Blobs: 1_000_000, Templates: 234_000_000 },
      HostIsolation: [
        { Name: 'own user', Stands: true },
        { Name: 'user namespaces', Stands: false, Detail: 'Operation not permitted' },
        { Name: 'seccomp', Stands: true },
      ],
    });
    expect((await runCli(['info', '-f', '{{.Accelerator.Reason}}'], info())).stdout).toBe(
      'KVM opens but no kernel boots\n',
    );
  });

  it('has all that scripts ask Docker for, with its zero where there is nothing of the kind', async () => {
    const found = info({ hostname: 'host', os: 'Debian GNU/Linux 12 (bookworm)', osVersion: '12' });
    const show = async (format: string, environment: Record<string, string> = {}) =>
      (await runCli(['info', '-f', format], found, fakeWorld(environment))).stdout.trimEnd();
    expect(await show('{{.Name}}|{{.ID}}|{{.Driver}}|{{.LoggingDriver}}')).toBe(
      'host||erofs|local',
    );
    expect(await show('{{.OperatingSystem}} {{.OSVersion}} {{.OSType}}')).toBe(
      'Debian GNU/Linux 12 (bookworm) 12 linux',
    );
    expect(await show('{{.CgroupDriver}} {{.CgroupVersion}} {{.KernelVersion}}')).toBe(
      'cgroupfs 2 6.1.0-26',
    );
    expect(await show('{{json .SecurityOptions}}')).toContain('"name=seccomp,profile=builtin"');
    expect(await show('{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')).toBe(
      'inactive false',
    );
    expect(await show('{{.DefaultRuntime}}|{{.Runtimes}}|{{len .Labels}}|{{.Warnings}}')).toBe(
      '|map[]|0|[]',
    );
    expect(await show('{{.CPUCfsQuota}} {{.CpuCfsQuota}} {{.ExperimentalBuild}}')).toBe(
      'true true false',
    );
    expect(await show('{{.ClientInfo.Version}} {{.ClientInfo.Context}}')).toBe(
      `${VERSION} default`,
    );
    const proxied = { HTTP_PROXY: 'http://user:secret@proxy:3128/' };
    expect(await show('{{.HTTPProxy}} {{.HttpProxy}}', proxied)).toBe(
      'http://xxxxx:xxxxx@proxy:3128/ http://xxxxx:xxxxx@proxy:3128/',
    );
    const keys = Object.keys(JSON.parse(await show('json')) as object);
    expect(keys.slice(0, 3)).toEqual(['ID', 'Containers', 'ContainersRunning']);
    expect(keys).toContain('HostIsolation');
  });

  it('tells which registries are spoken to without protection, and the mirrors', async () => {
    const argv = ['--insecure-registry', 'lan:5000', '--insecure-registry', '10.0.0.0/8', 'info'];
    const { stdout } = await runCli([...argv, '-f', '{{json .RegistryConfig}}'], info());
    expect(JSON.parse(stdout)).toEqual({
      InsecureRegistryCIDRs: ['::1/128', '127.0.0.0/8', '10.0.0.0/8'],
      IndexConfigs: {
        'docker.io': { Name: 'docker.io', Mirrors: [], Secure: true, Official: true },
        'lan:5000': { Name: 'lan:5000', Mirrors: [], Secure: false, Official: false },
      },
      Mirrors: [],
    });
  });

  it('warns of what is missing on stderr', async () => {
    const problem = new BoxliteError('setup-needed', 'no kernel', {
      hint: 'make this home ready',
      remedy: { action: 'setup' },
    });
    const outcome = await runCli(['info'], info({ qemu: undefined, problems: [problem] }));
    expect(outcome.stdout).toContain('QEMU: missing\n');
    expect(outcome.stderr).toBe('boxlite: no kernel: make this home ready with `boxlite setup`\n');
  });
});

describe('version', () => {
  it.each([['--version'], ['-v']])('is printed by %s', async (flag) => {
    expect(await runCli([flag])).toEqual({
      status: 0,
      stdout: `boxlite version ${VERSION}\n`,
      stderr: '',
    });
  });
  it('has Docker’s keys, empty where they tell of an API or of Go', async () => {
    const show = async (format: string) =>
      (await runCli(['version', '-f', format])).stdout.trimEnd();
    expect(
      await show('{{.Client.APIVersion}}|{{.Client.GitCommit}}|{{.Server.MinAPIVersion}}|'),
    ).toBe('|||');
    expect(
      await show('{{.Server.Os}}/{{.Server.Arch}} {{.Client.Context}} {{.Client.GoVersion}}|'),
    ).toBe('linux/amd64 default |');
    expect(await show('{{range .Server.Components}}{{.Name}} {{.Version}}{{end}}')).toBe(
      `Engine ${VERSION}`,
    );
    expect(await show('{{.Client.Version}}{{with .Server}} {{.Platform.Name}}{{end}}')).toBe(
      `${VERSION} BoxLite`,
    );
    expect(JSON.parse(await show('{{json .Client}}'))).toMatchObject({
      NodeVersion: process.version,
    });
    expect(JSON.parse(await show('json'))).toMatchObject({
      Client: { ApiVersion: '', DefaultAPIVersion: '', GitCommit: '', GoVersion: '' },
      Server: { ApiVersion: '', MinAPIVersion: '', GitCommit: '', GoVersion: '' },
    });
  });
  it('answers a template that was written for Docker', async () => {
    const argv = ['version', '--format', '{{.Server.Version}} {{.Client.Version}}'];
    expect((await runCli(argv)).stdout).toBe(`${VERSION} ${VERSION}\n`);
    expect((await runCli(['version'])).stdout).toContain(` Version:      ${VERSION}\n`);
  });
});

describe('setup', () => {
  const step = (fields: Partial<StepResult>): StepResult => ({
    name: 'kernel',
    summary: 'get a kernel',
    status: 'done',
    detail: 'Linux 6.1',
    durationMs: 2100,
    ...fields,
  });
  const engine = (steps: StepResult[], requests: object[] = []): object => ({
    setup: (request: { onStep: (event: SetupEvent) => void }): Promise<SetupReport> => {
      requests.push(request);
      for (const result of steps) {
        request.onStep({ kind: 'begin', name: result.name, summary: result.summary });
        request.onStep({ kind: 'end', result });
      }
      return Promise.resolve({ ok: steps.every(({ status }) => status !== 'failed'), steps });
    },
  });

  it('says on stderr what became of each step', async () => {
    const steps = [
      step({}),
      step({ name: 'qemu', status: 'skipped', detail: '7.2', durationMs: 3 }),
    ];
    expect(await runCli(['setup'], engine(steps))).toEqual({
      status: 0,
      stdout: '',
      stderr: 'done   kernel: Linux 6.1 (2.1 s)\nok     qemu: 7.2\n',
    });
  });

  it('ends with 1 and what to do by hand when a step fails', async () => {
    const error = new BoxliteError('setup-needed', 'QEMU is missing', { hint: 'apt install it' });
    const failed = step({
      name: 'qemu',
      status: 'failed',
      detail: 'QEMU is missing',
      durationMs: 1,
      error,
    });
    expect(await runCli(['setup'], engine([failed]))).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'FAILED qemu: QEMU is missing\n' +
        'qemu: apt install it\n' +
        'boxlite: set-up is not complete: qemu failed\n' +
        "Do what is said above, then run 'boxlite setup' again.\n",
    });
  });

  it('passes on a kernel of one’s own', async () => {
    const requests: object[] = [];
    await runCli(['setup', '--kernel', '/k', '--modules', '/m'], engine([], requests));
    expect(requests[0]).toMatchObject({ kernel: '/k', modules: '/m' });
  });
});
