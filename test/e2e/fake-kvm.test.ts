import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeKvm, type FakeRun } from '../helpers/fake-kvm.js';
import { OrdinaryUser } from '../helpers/ordinary-user.js';
import { useHome } from '../helpers/test-home.js';

/** Only root can make a device. */
const isRoot = process.getuid?.() === 0;

const RUN = ['run', '--rm', 'busybox', 'echo', 'hi'];
const BUSY =
  '/dev/kvm opens, but no machine runs with it (box template did not start (stage vmm): ' +
  'the VMM ended with status 1; qemu: failed to initialize kvm: Device or resource busy)';
const TRYING = 'boxlite: trying whether KVM works here\n';
const CURE = 'end other hypervisors (VirtualBox, VMware), and have KVM tried again';

const home = useHome();
let kvm: FakeKvm;

describe.runIf(isRoot)('a KVM', () => {
  beforeAll(async () => {
    kvm = await FakeKvm.create(home.path);
  });
  afterAll(() => kvm.remove());
  beforeEach(() => kvm.forgetMachines());

  async function outcome(args: readonly string[], options?: FakeRun) {
    const { status, stdout, stderr } = await kvm.boxlite(args, options);
    return { status, stdout: stdout.toString(), stderr };
  }

  const info = async (key: string, options?: FakeRun): Promise<string> =>
    (await outcome(['info', '-f', `{{.Accelerator.${key}}}`], options)).stdout.trim();

  it('that hangs is given up once for all who start at the same time', async () => {
    expect(await info('Used')).toBe('not tried');
    await kvm.becomes('hanging');
    const runs = await Promise.all([1, 2, 3].map(() => outcome(RUN)));
    expect(runs.map(({ status, stdout }) => [status, stdout])).toEqual(runs.map(() => [0, 'hi\n']));
    expect(kvm.machines()).toEqual(['boot']);
    expect(await info('Used')).toBe('tcg');
    expect(await info('Reason')).toContain('the kernel gave no sign of life for 10 s');
    const held = Date.parse(await info('TriedAgainAt')) - Date.parse(await info('TriedAt'));
    expect(held).toBe(600_000);
    expect(await outcome(['run', '--nested', '--name', 'nested', 'busybox', 'true'])).toMatchObject(
      {
        status: 125,
        stderr: expect.stringMatching(
          /^boxlite: box nested is to have nested virtualization, which emulation does not give: KVM is not used \(.*\)\ncreate it without --nested\n$/,
        ) as string,
      },
    );
    expect(kvm.machines()).toEqual(['boot']);
  });

  it('that works after all is used once it is insisted on', async () => {
    await kvm.becomes('working');
    expect(await outcome(RUN)).toEqual({ status: 0, stdout: 'hi\n', stderr: '' });
    expect(kvm.machines()).toEqual([]);
    expect(await outcome(['--accel', 'kvm', ...RUN])).toEqual({
      ...{ status: 0, stdout: 'hi\n', stderr: TRYING },
    });
    expect(kvm.machines()).toEqual(['boot', 'restore']);
    expect(await outcome(RUN)).toEqual({ status: 0, stdout: 'hi\n', stderr: '' });
    expect(kvm.machines()).toEqual(['boot', 'restore', 'restore']);
  });

  it('that breaks is passed over by the very start that finds it, and its template stays', async () => {
    await kvm.becomes('busy');
    const templates = await readdir(`${home.path}/templates`);
    expect(await outcome(RUN)).toEqual({
      ...{ status: 0, stdout: 'hi\n' },
      stderr:
        'boxlite: a machine has failed with KVM: trying whether KVM still works\n' +
        `boxlite: boxes run by emulation: ${BUSY}\n`,
    });
    expect(kvm.machines()).toEqual(['restore', 'restore', 'boot']);
    expect(await outcome(RUN)).toEqual({ status: 0, stdout: 'hi\n', stderr: '' });
    expect(await outcome(['--accel', 'kvm', ...RUN])).toEqual({
      ...{ status: 125, stdout: '' },
      stderr:
        `${TRYING}boxlite: KVM does not work on this machine: ${BUSY}\n` +
        `run by emulation with --accel auto; or ${CURE} with \`boxlite doctor\`\n`,
    });
    expect(await readdir(`${home.path}/templates`)).toEqual(templates);
  });

  it('that was found working is run again by doctor and setup before they say so', async () => {
    const report = async () => {
      const { stdout } = await outcome(['doctor', '--json', '--no-registry']);
      const { checks } = JSON.parse(stdout) as { checks: { name: string }[] };
      return ['accelerator', 'box'].map((name) => checks.find((check) => check.name === name));
    };
    await kvm.becomes('working');
    expect(await report()).toMatchObject([
      { status: 'ok', detail: 'used: KVM boots' },
      { status: 'ok', detail: expect.stringContaining('by kvm') as string },
    ]);
    expect(kvm.machines()).toEqual(['restore', 'restore']);
    await kvm.becomes('busy');
    expect(await report()).toMatchObject([
      { status: 'warning', detail: `not used: ${BUSY}`, cure: `${CURE} with \`boxlite doctor\`` },
      { status: 'ok', detail: expect.stringContaining('by tcg') as string },
    ]);
    expect((await outcome(['setup'])).stderr).toContain(
      `template: is there; boxes run by emulation (${BUSY}; to change that: ${CURE})`,
    );
  });

  it('that breaks keeps nobody from the files of a box that does not run', async () => {
    await kvm.becomes('working');
    expect((await outcome(['setup'])).stderr).toContain('template: is there; boxes run by KVM');
    expect((await outcome(['create', '--name', 'files', 'busybox'])).status).toBe(0);
    await kvm.becomes('busy');
    const copied = await outcome(['cp', 'files:/etc/passwd', '-']);
    expect(copied).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('root:x:0:0') as string,
      stderr: expect.stringContaining('boxes run by emulation') as string,
    });
    expect(kvm.machines()).toEqual(['restore', 'restore', 'restore', 'boot']);
  });

  it('that is none is passed over until the host restarts', async () => {
    const real = { realQemu: true };
    expect(await outcome(RUN, real)).toMatchObject({ status: 0, stdout: 'hi\n' });
    expect(await info('Reason', real)).toContain('the VMM ended with status 1');
    expect(await info('TriedAt', real)).not.toBe('');
    expect(await info('TriedAgainAt', real)).toBe('');
    expect(await outcome(RUN, real)).toEqual({ status: 0, stdout: 'hi\n', stderr: '' });
  });

  it('that a user may not open is told of once, and how to get it', async () => {
    const user = await OrdinaryUser.create(`${home.path}/..`);
    const as = (node: FakeRun): FakeRun => ({
      ...{ home: user.home, uid: user.uid, realQemu: true },
      ...node,
    });
    const closed = as({ mode: '600' });
    const cure = `sudo setfacl -m u:${user.uid}:rw /dev/kvm, which holds until the host restarts`;
    const reason = '/dev/kvm may not be opened by this user';
    expect(await outcome(RUN, closed)).toEqual({
      ...{ status: 0, stdout: 'hi\n' },
      stderr: `boxlite: boxes run by emulation, which is slower: ${reason}; to allow KVM: ${cure}\n`,
    });
    expect(await outcome(RUN, closed)).toEqual({ status: 0, stdout: 'hi\n', stderr: '' });
    expect([await info('Reason', closed), await info('Cure', closed)]).toEqual([reason, cure]);
    expect((await outcome(['setup'], closed)).stderr).toContain(
      `(${reason}; to change that: ${cure})`,
    );
    expect(await outcome(['--accel', 'kvm', ...RUN], closed)).toEqual({
      ...{ status: 125, stdout: '' },
      stderr:
        `boxlite: KVM does not work on this machine: ${reason}\n` +
        `run by emulation with --accel auto; or ${cure}\n`,
    });
  });
});
