import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../../../src/engine/setup/doctor/check.js';
import type { DoctorReport, DoctorRequest } from '../../../../../src/engine/setup/doctor/doctor.js';
import { fakeWorld, runCli } from '../../fake-world.js';

const QEMU: CheckResult = {
  name: 'qemu',
  title: 'QEMU',
  status: 'ok',
  detail: '7.2.22 (Debian 1:7.2+dfsg-7), /usr/bin/qemu-system-x86_64',
  durationMs: 3,
};
const FAULT: CheckResult = {
  name: 'kernel',
  title: 'Guest kernel',
  status: 'fault',
  detail: 'there is no guest kernel in /home/x/.boxlite/assets',
  durationMs: 1,
};
const KERNEL: CheckResult = {
  ...FAULT,
  cure: 'make this home ready',
  remedy: { action: 'setup' },
};
const BOX: CheckResult = {
  name: 'box',
  title: 'A box',
  status: 'ok',
  detail: 'started in 210 ms by tcg, ran a command in 40 ms',
  durationMs: 300,
};
const WELL: DoctorReport = {
  ok: true,
  checks: [QEMU, BOX],
  box: {
    accelerator: 'tcg',
    template: true,
    stagesMs: { shim: 5.2, restore: 48, total: 210 },
    startMs: 210,
    execMs: 40,
  },
};
const ILL: DoctorReport = { ok: false, checks: [QEMU, KERNEL], box: undefined };

function engine(report: DoctorReport, requests: DoctorRequest[] = []): object {
  return {
    doctor: (request: DoctorRequest): Promise<DoctorReport> => {
      requests.push(request);
      for (const result of report.checks) {
        request.onCheck?.({ kind: 'begin', title: result.title });
        request.onCheck?.({ kind: 'end', result });
      }
      return Promise.resolve(report);
    },
  };
}

describe('doctor', () => {
  it('tells each finding, the times of a start, and ends with 0', async () => {
    expect(await runCli(['doctor'], engine(WELL))).toEqual({
      status: 0,
      stdout: [
        'ok      QEMU             7.2.22 (Debian 1:7.2+dfsg-7), /usr/bin/qemu-system-x86_64',
        'ok      A box            started in 210 ms by tcg, ran a command in 40 ms',
        '        From a template: shim 5.2 ms, restore 48 ms, total 210 ms',
        '',
        'Boxes run on this machine.',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('tells the cure of a fault below it, and ends with 1', async () => {
    const { status, stdout } = await runCli(['doctor'], engine(ILL));
    expect(status).toBe(1);
    expect(stdout).toContain(
      'FAULT   Guest kernel     there is no guest kernel in /home/x/.boxlite/assets\n' +
        '                         -> make this home ready with `boxlite setup`\n',
    );
    expect(stdout).toMatch(/\nNo box runs here yet: one fault, see above\.\n$/);
  });

  it('warns of nothing that needs no cure', async () => {
    const detail = 'version 2 is not mounted, and boxes do without it';
    const groups: CheckResult = {
      ...{ name: 'cgroups', title: 'Control groups', status: 'note', detail, durationMs: 0 },
    };
    const { status, stdout } = await runCli(['doctor'], engine({ ...WELL, checks: [groups, BOX] }));
    expect(status).toBe(0);
    expect(stdout).toMatch(`note    Control groups   ${detail}\nok      A box `);
  });

  it('stays within 40 columns, words that can not be broken aside', async () => {
    const world = fakeWorld();
    world.stdout.isTTY = true;
    world.stdout.columns = 40;
    const { stdout } = await runCli(['doctor'], engine({ ...WELL, checks: [KERNEL, BOX] }), world);
    expect(stdout).toMatch(/\x1b\[31mFAULT/);
    const lines = stdout.replaceAll(/\x1b\[[0-9;]*m/g, '').split('\n');
    expect(lines.filter((line) => line.length > 40 && line.trim().includes(' '))).toEqual([]);
  });

  it('prints the whole report as JSON, and nothing else', async () => {
    const { status, stdout, stderr } = await runCli(['doctor', '--json'], engine(ILL));
    const cure = 'make this home ready with `boxlite setup`';
    expect({ status, stderr, report: JSON.parse(stdout) as unknown }).toEqual({
      status: 1,
      stderr: '',
      report: { ok: false, checks: [QEMU, { ...FAULT, cure }] },
    });
  });

  it.each([
    [['doctor'], { registries: ['docker.io'] }],
    [['doctor', '--registry', 'r.lan'], { registries: ['r.lan'] }],
    [['doctor', '--no-registry'], { registries: [] }],
    [['doctor', '--registry-timeout', '7'], { registryTimeoutMs: 7000 }],
  ])('%j asks for %j', async (argv, request) => {
    const requests: DoctorRequest[] = [];
    await runCli(argv, engine(WELL, requests));
    expect(requests[0]).toMatchObject(request);
  });
});
