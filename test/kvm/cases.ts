import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { processesOf } from '../helpers/processes.js';
import { type Case, check } from './case.js';
import { clockOf } from './clock.js';
import { staleCases, userCases } from './device-cases.js';
import { groupCases } from './group-cases.js';
import { networkCases } from './network-cases.js';
import { pauseCases } from './pause-cases.js';
import type { Site, SiteHome } from './site.js';
import { volumeCases } from './volume-cases.js';

const execute = promisify(execFile);

/** README.md has the figures. */
const STOPS_IN_NEST = 'this QEMU’s emulation delivers ticks twice, which stops some boots';

/** In their order: the first one makes the template that the next ones start from. */
export function kvmCases(site: Site): Case[] {
  const home = site.home('root');
  const user = site.home('user');
  return [
    ...accelerator(home),
    ...start(home),
    ...inBox(site, home),
    ...networkCases(home),
    ...volumeCases(home),
    ...groupCases(home),
    ...machines(site, home),
    ...identity(home),
    ...pauseCases(home),
    ...userCases(home, user),
    ...staleCases(site, home),
    {
      title: 'no process of a VM is left when all boxes are removed',
      limitS: 30,
      run: async () => {
        for (const each of [home, user]) await each.remove(await each.boxes());
        const left = await vmProcesses(site.options.work);
        check(left.length === 0, left.join(', '));
        return 'none';
      },
    },
  ];
}

function accelerator(home: SiteHome): Case[] {
  return [
    {
      title: 'auto tries KVM once, takes it, and says so',
      limitS: 120,
      run: async () => {
        const { status, stderr, stdout } = await home.boxlite(
          ['run', '-d', '--name', 'first', 'busybox', 'sleep', '1000000'],
          { limitS: 120 },
        );
        check(status === 0, stderr + stdout.toString());
        check(/trying whether KVM \w+ here/.test(stderr), `no trial was told: ${stderr}`);
        const { Accelerator } = (await home.inspect('first')).Boxlite;
        check(Accelerator === 'kvm', `the box runs by ${Accelerator}`);
        return stderr;
      },
    },
    {
      title: 'QEMU really has the box in KVM',
      limitS: 20,
      run: async () => {
        const vm = await kvmDescriptors();
        check(vm.length > 0, 'no process has a descriptor anon_inode:kvm-vm');
        return vm.join(', ');
      },
    },
    {
      title: 'the second start tries nothing',
      limitS: 60,
      run: async () => {
        const { status, stderr } = await home.boxlite(['run', '--rm', 'busybox', 'true']);
        check(status === 0 && stderr === '', `${status}: ${stderr}`);
        return 'silent';
      },
    },
    {
      title: 'info says that KVM is used, and why',
      limitS: 20,
      run: async () => {
        const info = await home.ok(['info', '--format', '{{json .Accelerator}}']);
        check(info.includes('"Used":"kvm"'), info);
        return info;
      },
    },
  ];
}

function start(home: SiteHome): Case[] {
  return [
    {
      title: 'a box starts from the template',
      limitS: 30,
      run: async () => {
        const { restoreMs, totalMs, bootMs } = (await home.inspect('first')).Boxlite.StartTimings;
        check(restoreMs !== undefined && bootMs === undefined, 'it has booted');
        return `restored in ${restoreMs} ms, started in ${totalMs} ms`;
      },
    },
    {
      title: 'a box boots cold; its kernel looks for no clock, and no soft lockup is told',
      limitS: 120,
      run: async () => {
        await home.ok(
          ['run', '-d', '--privileged', '--cold', '--name', 'cold', 'busybox', 'sleep', '1000000'],
          { limitS: 120 },
        );
        const { Accelerator, StartTimings } = (await home.inspect('cold')).Boxlite;
        check(
          Accelerator === 'kvm' && StartTimings.bootMs !== undefined,
          JSON.stringify(StartTimings),
        );
        const log = await home.sh('cold', 'dmesg');
        await home.remove(['cold']);
        const rtc = log.split('\n').filter((line) => /rtc/i.test(line));
        check(!/Unable to read current time from RTC|not accessible/.test(log), rtc.join('\n'));
        check(!log.includes('soft lockup'), log);
        return `booted in ${StartTimings.bootMs} ms; ${rtc.at(-1) ?? 'no line of an RTC'}`;
      },
    },
    {
      title: 'a box that was stopped starts again',
      limitS: 60,
      run: async () => {
        await home.ok(['run', '-d', '--name', 'again', 'busybox', 'sh', '-c', 'sleep 1000000']);
        await home.sh('again', 'echo kept >/kept');
        await home.ok(['stop', '-t', '0', 'again']);
        await home.ok(['start', 'again']);
        const kept = await home.sh('again', 'cat /kept');
        await home.remove(['again']);
        check(kept === 'kept', kept);
        return 'with its files';
      },
    },
  ];
}

function inBox(site: Site, home: SiteHome): Case[] {
  return [
    {
      title: 'exec gives output and exit status',
      limitS: 20,
      run: async () => {
        const { status, stdout, stderr } = await home.boxlite([
          'exec',
          'first',
          'sh',
          '-c',
          'echo out; echo err >&2; exit 7',
        ]);
        const seen = JSON.stringify([status, stdout.toString(), stderr]);
        check(seen === '[7,"out\\n","err\\n"]', seen);
        return seen;
      },
    },
    {
      title: 'cp brings a megabyte into the box and out of it',
      limitS: 60,
      run: async () => {
        const directory = join(site.options.work, 'files');
        await mkdir(directory, { recursive: true });
        const bytes = randomBytes(2 ** 20);
        await writeFile(join(directory, 'in'), bytes);
        await home.ok(['cp', join(directory, 'in'), 'first:/there']);
        const [digest = ''] = (await home.sh('first', 'sha256sum /there')).split(' ');
        check(digest === createHash('sha256').update(bytes).digest('hex'), `${digest} in the box`);
        await rm(join(directory, 'out'), { force: true });
        await home.ok(['cp', 'first:/there', join(directory, 'out')]);
        check((await readFile(join(directory, 'out'))).equals(bytes), 'other bytes came out');
        return digest;
      },
    },
    {
      title: 'the guest’s processor offers no nested virtualization',
      limitS: 20,
      run: async () => {
        const flags = await home.sh('first', 'grep -m 1 ^flags /proc/cpuinfo');
        const nested = flags.split(' ').filter((flag) => /^(svm|vmx|npt|ept)$/.test(flag));
        check(nested.length === 0, nested.join(' '));
        return `${flags.split(' ').length} flags`;
      },
    },
    {
      title: 'the guest’s clock is right after a restore',
      limitS: 20,
      run: () => clockOf(home, 'first'),
    },
    {
      title: 'a healthcheck makes the box healthy',
      limitS: 60,
      run: async () => {
        const check_ = ['--health-cmd', 'test -e /proc/1', '--health-interval', '1s'];
        await home.ok(['run', '-d', '--name', 'checked', ...check_, 'busybox', 'sleep', '1000000']);
        let status: string | undefined;
        const deadline = Date.now() + 20_000;
        while (status !== 'healthy' && Date.now() < deadline) {
          await delay(200);
          status = (await home.inspect('checked')).State.Health?.Status;
        }
        await home.remove(['checked']);
        check(status === 'healthy', String(status));
        return status;
      },
    },
  ];
}

function machines(site: Site, home: SiteHome): Case[] {
  const { vmlinuz, modules, ticksTwice } = site.options;
  const kernel = ['--kernel', vmlinuz, '--modules', modules];
  const memory = 'sed -n "s/MemTotal: *//p" /proc/meminfo';
  return [
    {
      ...machine(home, 'with 2 CPUs', ['--cpus', '2'], 'nproc', (seen) => seen === '2'),
      ...(ticksTwice && { leftOut: STOPS_IN_NEST }),
    },
    machine(home, 'with 128 MiB', ['-m', '128m'], memory, (seen) => kib(seen) < 131_072),
    machine(home, 'with 2 GiB', ['-m', '2g'], memory, (seen) => kib(seen) > 1_900_000),
    machine(home, 'with a kernel of its own', kernel, 'uname -r', (seen) => modules.endsWith(seen)),
  ];
}

/** Of another template each. */
function machine(
  home: SiteHome,
  what: string,
  flags: string[],
  look: string,
  isRight: (seen: string) => boolean,
): Case {
  return {
    title: `a box ${what} runs in KVM`,
    limitS: 120,
    run: async () => {
      const name = what.replaceAll(' ', '-');
      const args = ['run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000000'];
      await home.ok(args, { limitS: 120 });
      const seen = await home.sh(name, look);
      const { Accelerator } = (await home.inspect(name)).Boxlite;
      await home.remove([name]);
      check(Accelerator === 'kvm', `it runs by ${Accelerator}`);
      check(isRight(seen), seen);
      return seen;
    },
  };
}

const kib = (text: string): number => Number.parseInt(text, 10);

function identity(home: SiteHome): Case[] {
  const look =
    'cat /proc/sys/kernel/random/boot_id; cat /etc/machine-id 2>/dev/null || echo -; ' +
    'head -c 16 /dev/urandom | md5sum | cut -c 1-32; hostname';
  return [
    {
      title: 'three boxes of one template have nothing of their identity in common',
      limitS: 90,
      run: async () => {
        const seen: string[][] = [];
        const names = ['one', 'two', 'three'];
        for (const name of names) {
          await home.ok(['run', '-d', '--name', name, 'busybox', 'sleep', '1000000']);
          seen.push((await home.sh(name, look)).split('\n'));
        }
        await home.remove(names);
        const [first = []] = seen;
        const same = first.filter(
          (fact, at) => fact !== '-' && new Set(seen.map((facts) => facts[at])).size < names.length,
        );
        check(
          same.length === 0 && first.length === 4,
          `in common: ${same.join(', ')}; ${seen.join(' / ')}`,
        );
        return seen.map((facts) => facts.join(' ')).join('; ');
      },
    },
  ];
}

/** Of all processes here: who holds a virtual machine of KVM's. */
async function kvmDescriptors(): Promise<string[]> {
  const script =
    'for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null | grep -q kvm-vm && cat $p/comm; done; true';
  const { stdout } = await execute('sh', ['-c', script]);
  return stdout.split('\n').filter((name) => name !== '');
}

/** What runs for boxes of these homes, once what only tidies up has ended. */
async function vmProcesses(work: string): Promise<string[]> {
  let left: string[] = [];
  for (let looks = 0; looks < 20; looks++) {
    left = (await processesOf(work)).map(({ pid, command }) => `${pid} ${command}`);
    if (left.length === 0) break;
    await delay(500);
  }
  return left;
}
