import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Case, check } from './case.js';
import type { Site, SiteHome } from './site.js';

const execute = promisify(execFile);

/** Every distribution has both; the device's group is not kvm everywhere. */
const UID = 65_534;
const GROUP = { name: 'games', gid: 60 };

/** Nodes that a command finds as its /dev/kvm. In /dev, since other file systems may allow no devices. */
const KVM_OF_GROUP = '/dev/boxlite-test-kvm';
const NO_KVM = '/dev/boxlite-test-null';
const KVM = ['10', '232'];
const NULL = ['1', '3'];

/** Who may open /dev/kvm, and who may not. */
export function userCases(root: SiteHome, user: SiteHome): Case[] {
  const { name, gid } = GROUP;
  const box = ['run', '--rm', 'busybox', 'echo', 'hi'];
  const stranger = { uid: UID, kvmNode: KVM_OF_GROUP };
  return [
    {
      title: 'a member of the device’s group uses KVM',
      limitS: 90,
      run: async () => {
        await makeNode(KVM_OF_GROUP, KVM);
        await execute('chgrp', [name, KVM_OF_GROUP]);
        await execute('chmod', ['660', KVM_OF_GROUP]);
        await root.cloneTo(user, UID);
        const as = { uid: UID, groups: [gid], kvmNode: KVM_OF_GROUP, limitS: 90 };
        await user.ok(['run', '-d', '--name', 'member', 'busybox', 'sleep', '1000000'], as);
        const { Accelerator } = (await user.inspect('member')).Boxlite;
        await user.ok(['rm', '-f', 'member'], as);
        check(Accelerator === 'kvm', `it runs by ${Accelerator}`);
        return `${Accelerator}, /dev/kvm of the group ${name}`;
      },
    },
    {
      title: 'for somebody else, --accel kvm is an error that names the group and the cure',
      limitS: 30,
      run: async () => {
        const { status, stderr } = await user.boxlite(['--accel', 'kvm', ...box], stranger);
        check(status === 125 && namesGroup(stderr), `${status}: ${stderr}`);
        check(stderr.includes(`usermod -aG ${name} `), `no cure: ${stderr}`);
        return stderr;
      },
    },
    {
      title: 'for somebody else, info says that boxes run by emulation, and why',
      limitS: 20,
      run: async () => {
        const info = await user.ok(['info', '--format', '{{json .Accelerator}}'], stranger);
        check(info.includes('"Used":"tcg"') && namesGroup(info), info);
        return info;
      },
    },
    {
      title: 'for somebody else, auto runs the box by emulation and says why',
      limitS: 120,
      run: async () => {
        const { status, stdout, stderr } = await user.boxlite(box, { ...stranger, limitS: 120 });
        check(status === 0 && stdout.toString() === 'hi\n', `${status}: ${stderr}`);
        check(namesGroup(stderr), `no notice that names the group: ${stderr}`);
        return stderr;
      },
    },
  ];
}

const namesGroup = (text: string): boolean => new RegExp(`group ${GROUP.name}\\b`).test(text);

/** A KVM that has worked, and works no more: after a restart of the host, and without one. */
export function staleCases(site: Site, home: SiteHome): Case[] {
  const other = site.home('stale');
  const box = ['run', '--rm', 'busybox', 'echo', 'hi'];
  const kvmNode = NO_KVM;
  const fallsBack = async (): Promise<string> => {
    const { status, stdout, stderr } = await other.boxlite(box, { kvmNode, limitS: 180 });
    check(status === 0 && stdout.toString() === 'hi\n', `${status}: ${stderr}`);
    check(stderr.includes('by emulation'), `no notice: ${stderr}`);
    return stderr;
  };
  return [
    {
      title: 'a KVM that has broken since it was tried: the same command falls back',
      limitS: 180,
      run: async () => {
        await makeNode(NO_KVM, NULL);
        await home.cloneTo(other);
        return await fallsBack();
      },
    },
    {
      title: 'a template of KVM in the home proves nothing after a restart of the host',
      limitS: 180,
      run: async () => {
        await home.cloneTo(other);
        await rm(join(other.path, 'accelerators.json'));
        return await fallsBack();
      },
    },
    {
      title: 'info says why KVM is not used',
      limitS: 20,
      run: async () => {
        const info = await other.ok(['info', '--format', '{{json .Accelerator}}'], { kvmNode });
        check(info.includes('"Used":"tcg"') && info.includes('/dev/kvm'), info);
        return info;
      },
    },
    {
      title: '--accel kvm says why KVM does not work',
      limitS: 90,
      run: async () => {
        const { status, stderr } = await other.boxlite(['--accel', 'kvm', ...box], { kvmNode });
        check(status === 125 && /\/dev\/kvm|initialize kvm/.test(stderr), `${status}: ${stderr}`);
        return stderr;
      },
    },
    {
      title: 'where KVM works again, it is found again by --accel kvm',
      limitS: 120,
      run: async () => {
        const { status, stderr } = await other.boxlite(['--accel', 'kvm', ...box], { limitS: 120 });
        check(status === 0, `${status}: ${stderr}`);
        return stderr || 'silent';
      },
    },
  ];
}

async function makeNode(path: string, [major = '', minor = '']: string[]): Promise<void> {
  await rm(path, { force: true });
  await execute('mknod', ['-m', '666', path, 'c', major, minor]);
}

export async function removeNodes(): Promise<void> {
  for (const path of [KVM_OF_GROUP, NO_KVM]) await rm(path, { force: true });
}
