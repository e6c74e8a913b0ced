import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, check } from './case.js';
import type { SiteHome } from './site.js';

const TREE = '/sys/fs/cgroup';
const MIB = 2 ** 20;

/** The host's bounds around a VMM, with a real QEMU in them: other tests' kernels are those of boxes. */
export function groupCases(home: SiteHome): Case[] {
  const sleeper = (name: string, ...flags: string[]): string[] => [
    'run',
    '-d',
    '--name',
    name,
    ...flags,
    'busybox',
    'sleep',
    '1000000',
  ];
  const groupOf = async (box: string) => {
    const { State, Boxlite } = await home.inspect(box);
    const { group, refused } = Boxlite.Isolation ?? {};
    check(group !== undefined, JSON.stringify(refused));
    return { ...group, vmm: State.Pid, shim: Boxlite.ShimPid ?? 0 };
  };
  /** Of all boxes. */
  const groups = async (): Promise<string[]> => {
    const all = await readdir(join(TREE, 'boxlite'), { withFileTypes: true });
    return all.filter((each) => each.isDirectory()).map(({ name }) => name);
  };
  const cases: Case[] = [
    {
      title: 'a VMM is in a control group with bounds of its own, as inspect says',
      limitS: 120,
      run: async () => {
        await home.ok(sleeper('grouped', '--cpu-shares', '512'), { limitS: 90 });
        const { path, vmm, controllers, memoryBytes, tasks } = await groupOf('grouped');
        const own = await readFile(`/proc/${vmm}/cgroup`, 'latin1');
        check(own === `0::${path.slice(TREE.length)}\n`, own);
        check(memoryBytes === (512 + 1024 + 16) * MIB && tasks === 129, `${memoryBytes} ${tasks}`);
        const weight = await readFile(join(path, 'cpu.weight'), 'latin1');
        check(weight === '59\n' && controllers.join() === 'memory,pids,cpu,io', weight);
        return `${path}: ${controllers.join(' ')}`;
      },
    },
    {
      title: 'a control group that is left by a killed supervisor goes with its box',
      limitS: 60,
      run: async () => {
        const { path, shim } = await groupOf('grouped');
        process.kill(shim, 'SIGKILL');
        check(existsSync(path), 'it went at once');
        await home.ok(['start', 'grouped']);
        const again = await groupOf('grouped');
        check(again.path === path, again.path);
        process.kill(again.shim, 'SIGKILL');
        await home.ok(['rm', '-f', 'grouped']);
        check(!existsSync(path), (await groups()).join(', '));
        return 'started in the same one, and removed with it';
      },
    },
    {
      title: 'a VMM beyond the memory of its control group is killed, and its box says why',
      limitS: 60,
      run: async () => {
        await home.ok(sleeper('greedy'));
        const { path } = await groupOf('greedy');
        await writeFile(join(path, 'memory.max'), String(MIB));
        const waited = await home.ok(['wait', 'greedy']);
        const { OOMKilled, ExitCode } = (await home.inspect('greedy')).State;
        check(waited === '137' && OOMKilled && ExitCode === 137, `${waited} ${OOMKilled}`);
        check(!existsSync(path), `${path} is left`);
        await home.ok(['rm', 'greedy']);
        return 'out of memory, 137';
      },
    },
  ];
  if (existsSync(join(TREE, 'cgroup.controllers'))) return cases;
  const leftOut = 'this host has no control groups of version 2';
  return cases.map((each) => ({ ...each, leftOut }));
}
