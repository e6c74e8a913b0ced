import { readdirSync } from 'node:fs';
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WALLS } from '../../src/agent/protocol.js';
import { nativeProgram } from '../../src/host/native-programs.js';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { useHome } from '../helpers/test-home.js';
import { configMessage, ShimHarness } from '../native/shim/shim-harness.js';

const home = useHome();
const MIB = 2n ** 20n;
const NATIVE = join(import.meta.dirname, '../../native');

/** As in docs/docker-in-a-box.md: a group that passes controllers on has no processes. */
const DIVIDE = `cd /sys/fs/cgroup && mkdir init
  while read -r pid; do echo $pid > init/cgroup.procs || true; done < cgroup.procs
  echo +cpu > cgroup.subtree_control`;

/** Puts vmm-groups.c there, and the shim, and its configurations for two scenes, by the name of their VMM. */
async function makePrograms(harness: ShimHarness): Promise<void> {
  const { root } = harness;
  const parts = readdirSync(join(NATIVE, 'shim/group')).filter((name) => name.endsWith('.c'));
  const sources = ['common/err.c', ...parts.map((name) => join('shim/group', name))];
  await buildGuestProgram(root, 'vmm-groups', sources);
  await copyFile(nativeProgram('boxlite-shim'), join(root, 'boxlite-shim'));
  for (const vmm of ['eat-memory', 'idle']) {
    const config = harness.config({
      directory: `/${vmm}`,
      argv: ['/programs/vmm-groups', vmm],
      walls: WALLS.NAMESPACES | WALLS.CGROUP | WALLS.SHIM_CALLS | WALLS.SHIM_LANDLOCK,
      neededWalls: WALLS.CGROUP,
      ...{ groupMemory: 64n * MIB, groupTasks: 16, groupWeight: 10 },
      // It lies in memory, and so does what the VMM writes to it.
      files: [{ fd: 13, flags: 1, path: '/dev/shm/disk' }],
    });
    await writeFile(join(root, `${vmm}.config`), configMessage(config));
  }
}

/** Whatever this host has, the kernel of a privileged box has control groups of version 2. */
describe.runIf(process.getuid?.() === 0)('the control group of a VMM', () => {
  let harness: ShimHarness;
  const exec = (script: string): Promise<string> => home.ok(['exec', 'host', 'sh', '-ec', script]);
  /** Ends with the first fact that does not hold, and then fails. */
  const facts = async (scene: string): Promise<string[]> =>
    (await exec(`/programs/vmm-groups ${scene}`)).split('\n');

  beforeAll(async () => {
    harness = await ShimHarness.make();
    await chmod(harness.root, 0o755);
    await makePrograms(harness);
    const flags = ['-d', '--name', 'host', '--privileged', '-v', `${harness.root}:/programs:ro`];
    await home.ok(['run', ...flags, 'busybox', 'sleep', '100000']);
    await exec('mkdir /eat-memory /idle; truncate -s 16M /dev/shm/disk');
  });
  afterAll(async () => {
    await home.ok(['rm', '-f', 'host']);
    await harness[Symbol.asyncDispose]();
  });

  it('is refused where the group above it has processes of its own', async () => {
    expect(await facts('busy')).toContain('ok it is named');
  });

  describe('on a host that gives one', () => {
    beforeAll(() => exec(DIVIDE));

    it('kills a VMM that takes more memory than it may, and nobody else', async () => {
      expect(await facts('bounds')).toEqual(
        expect.arrayContaining(['ok who takes more memory is killed', 'ok nobody else is']),
      );
    });

    it('holds as many processes as it may, and ends with all of them', async () => {
      expect(await facts('tasks')).toContain('ok there are as many processes as it may have');
    });

    it('is removed by who comes next when its supervisor was killed, and not before', async () => {
      expect(await facts('left')).toEqual(
        expect.arrayContaining(['ok nobody else gets one of them', 'ok nothing at all']),
      );
    });

    it('is there for another user below a group that is theirs, and for no other', async () => {
      expect(await facts('users')).toEqual(
        expect.arrayContaining(['ok one that belongs to root gives none', 'ok which bounds']),
      );
    });

    it('is told of by the shim whose VMM it has killed', async () => {
      await facts('greedy /programs/boxlite-shim /programs/eat-memory.config');
      const record: unknown = JSON.parse(await exec('cat /eat-memory/boot-error.json'));
      expect(record).toMatchObject({
        message: 'the VMM used more memory than the 80 MiB of its control group',
        ...{ oom: true, vmmEnd: 'signalled', vmmSignal: 9 },
      });
    });

    it('is told of by the shim of another user, too, also where there are no namespaces', async () => {
      await exec('chown -R 1000 /eat-memory /dev/shm/disk');
      await facts('users-greedy /programs/boxlite-shim /programs/eat-memory.config');
      const record: unknown = JSON.parse(await exec('cat /eat-memory/boot-error.json'));
      expect(record).toMatchObject({ oom: true, vmmSignal: 9 });
    });

    it('is taken over by the start after a killed shim', async () => {
      expect(await facts('killed /programs/boxlite-shim /programs/idle.config')).toContain(
        'ok which the next start takes over',
      );
    });
  });
});
