import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/engine/setup/doctor/check.js';
import type { DoctorReport } from '../../src/engine/setup/doctor/doctor.js';
import { type NativeProgram, nativeProgram } from '../../src/host/native-programs.js';
import { BOXLITE, run } from '../helpers/cli.js';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { SmallDisk } from '../helpers/small-disk.js';

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'boxlite doctor '));
});
afterAll(() => rm(place, { recursive: true }));

/** Without a box: the home holds no kernel, and each test has a fault of its own besides. */
async function examine(env: Record<string, string>, ...flags: string[]) {
  const { status, stdout, stderr } = await run(
    BOXLITE,
    ['doctor', '--json', ...(flags.length > 0 ? flags : ['--no-registry'])],
    { env: { HOME: place, BOXLITE_HOME: join(place, 'home'), ...env } },
  );
  const report = JSON.parse(stdout.toString()) as DoctorReport;
  const find = (name: string): CheckResult => {
    const found = report.checks.find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check ${name}`);
    return found;
  };
  return { status, stderr, report, find };
}

describe('doctor', () => {
  it('sends to setup where nothing is prepared, and makes no box', async () => {
    const { status, stderr, report, find } = await examine({});
    expect([status, stderr, report.ok]).toEqual([1, '', false]);
    expect(find('kernel')).toMatchObject({
      status: 'fault',
      cure: 'make this home ready with `boxlite setup`',
    });
    expect(find('box')).toMatchObject({ status: 'skipped', detail: 'needs Guest kernel, KVM' });
    for (const { status, cure } of report.checks)
      expect([status, cure !== undefined]).toEqual([status, ['warning', 'fault'].includes(status)]);
    for (const name of [
      'architecture',
      'node',
      'disk',
      'database',
      'qemu',
      'mke2fs',
      'native',
      'network',
    ])
      expect(find(name)).toMatchObject({ status: 'ok' });
  });

  it('misses QEMU', async () => {
    const node = process.execPath.replace(/\/[^/]*$/, '');
    const tools = join(place, 'bin');
    await mkdir(tools, { recursive: true });
    for (const tool of ['sh', 'node', 'unshare'])
      await writeFile(
        join(tools, tool),
        `#!/bin/sh\nexec ${tool === 'node' ? `${node}/node` : `/usr/bin/${tool}`} "$@"\n`,
      );
    for (const tool of ['sh', 'node', 'unshare']) await chmod(join(tools, tool), 0o755);
    const { find } = await examine({ PATH: tools });
    expect(find('qemu')).toMatchObject({
      status: 'fault',
      detail: expect.stringMatching(/^qemu-system-\w+ is not installed$/) as string,
      cure: expect.stringContaining('install') as string,
    });
    expect(find('accelerator')).toMatchObject({ status: 'skipped' });
  });

  it.each([
    ['a QEMU that is not there', '/nonexistent/qemu', 'there is no QEMU at /nonexistent/qemu'],
    ['a QEMU that is none', '/bin/true', 'does not answer --version as QEMU does'],
  ])('names %s', async (_what, BOXLITE_QEMU, detail) => {
    const { find } = await examine({ BOXLITE_QEMU });
    expect(find('qemu').status).toBe('fault');
    expect(find('qemu').detail).toContain(detail);
    expect(find('qemu').cure).toMatch(/install/);
  });

  it('names a kernel that is missing', async () => {
    const { find } = await examine({ BOXLITE_KERNEL: '/nonexistent/vmlinuz' });
    expect(find('kernel')).toMatchObject({
      status: 'fault',
      detail: '/nonexistent/vmlinuz does not exist',
      cure: expect.stringContaining('BOXLITE_KERNEL') as string,
    });
  });

  it('misses native programs, and notices those that do not run', async () => {
    const native = join(place, 'native');
    await mkdir(native);
    const programs = [
      'boxlite-shim',
      'boxlite-net',
      'boxlite-hub',
      'boxlite-ram.so',
      'boxlite-archive',
    ];
    for (const name of [...programs, 'boxlite-host', 'boxlite-guest']) {
      expect((await examine({ BOXLITE_NATIVE: native })).find('native')).toMatchObject({
        status: 'fault',
        detail: expect.stringContaining(`${name} is not built`) as string,
      });
      await writeFile(join(native, name), '\x7fELF of another machine', { mode: 0o755 });
    }
    expect((await examine({ BOXLITE_NATIVE: native })).find('native')).toMatchObject({
      status: 'fault',
      detail: expect.stringContaining('does not run') as string,
      cure: 'install BoxLite again on this machine',
    });
  });

  it('misses the library of boxlite-net', async () => {
    const native = join(place, 'without libslirp');
    await mkdir(native);
    for (const name of ['shim', 'guest', 'archive', 'host', 'hub'])
      await symlink(
        nativeProgram(`boxlite-${name}` as NativeProgram),
        join(native, `boxlite-${name}`),
      );
    await symlink(nativeProgram('boxlite-ram.so'), join(native, 'boxlite-ram.so'));
    const words = 'libslirp.so.0: cannot open shared object file';
    await writeFile(join(native, 'boxlite-net'), `#!/bin/sh\necho '${words}' >&2; exit 127\n`, {
      mode: 0o755,
    });
    const { find } = await examine({ BOXLITE_NATIVE: native });
    expect(find('network')).toMatchObject({
      status: 'fault',
      detail: expect.stringContaining(words) as string,
      cure: expect.stringContaining('libslirp') as string,
    });
    expect(find('box')).toMatchObject({ status: 'skipped' });
  });

  it('finds a full disk, and does not blame QEMU for it', async () => {
    const disk = await SmallDisk.make(1);
    await disk.fill();
    const { find } = await examine({ BOXLITE_HOME: disk.home.root });
    expect(find('disk')).toMatchObject({
      status: 'fault',
      detail: expect.stringContaining('no space left') as string,
      cure: expect.stringContaining('BOXLITE_HOME') as string,
    });
    expect(find('qemu')).toMatchObject({ status: 'skipped', detail: 'needs Home' });
  });

  it('finds a small disk', async () => {
    const disk = await SmallDisk.make(8);
    const { find } = await examine({ BOXLITE_HOME: disk.home.root });
    expect(find('disk')).toMatchObject({
      status: 'fault',
      detail: expect.stringContaining('0.0 GiB free') as string,
    });
  });

  it('finds a home that can not be written', async () => {
    const { find } = await examine({ BOXLITE_HOME: '/proc/boxlite' });
    expect(find('disk')).toMatchObject({ status: 'fault' });
    expect(find('disk').detail).toContain('/proc');
    expect(find('disk').cure).toContain('BOXLITE_HOME');
  });

  it('only warns of a registry that does not answer, within the time it is given', async () => {
    // Takes the question, and leaves it unanswered.
    const registry = await startFakeRegistry([], () => true);
    const flags = ['--registry', registry.host, '--registry-timeout', '1'];
    const { report, find } = await examine({}, ...flags);
    await registry.stop();
    expect(find('registry')).toMatchObject({
      status: 'warning',
      detail: `${registry.host} does not answer within 1 s`,
    });
    expect(report.checks.filter(({ name }) => name === 'registry')).toHaveLength(1);
  });

  it('takes any answer of a registry for one', async () => {
    const registry = await startFakeRegistry([], (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      return true;
    });
    const { find } = await examine({}, '--registry', registry.host);
    await registry.stop();
    expect(find('registry')).toMatchObject({ status: 'ok' });
    expect((await examine({}, '--registry', registry.host)).find('registry')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining(registry.host) as string,
    });
  });
});
