import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Case, check } from './case.js';
import type { SiteHome } from './site.js';

export function volumeCases(home: SiteHome): Case[] {
  const flags = [
    ...['-v', 'shared:/shared'],
    ...['--mount', 'type=volume,src=disk,dst=/disk,volume-opt=type=disk,volume-opt=size=64m'],
  ];
  return [
    {
      title: 'a box that starts again has its volumes, a shared one and a disk',
      limitS: 90,
      run: async () => {
        const command = ['busybox', 'sleep', '1000000'];
        await home.ok(['run', '-d', '--name', 'keeper', ...flags, ...command]);
        await home.sh('keeper', 'for kind in shared disk; do echo in $kind >/$kind/file; done');
        await home.ok(['stop', '-t', '0', 'keeper']);
        const onHost = await readFile(join(home.path, 'volumes/shared/_data/file'), 'utf8');
        await home.ok(['start', 'keeper']);
        const mounts = `awk '$2 ~ "^/(shared|disk)$" { print $2, $3 }' /proc/mounts`;
        const inBox = await home.sh('keeper', `cat /shared/file /disk/file; ${mounts} | sort`);
        await home.remove(['keeper']);
        await home.ok(['volume', 'rm', 'shared', 'disk']);
        const wanted = 'in shared\nin disk\n/disk ext4\n/shared 9p';
        check(onHost === 'in shared\n' && inBox === wanted, `${inBox}; on the host: ${onHost}`);
        return inBox;
      },
    },
  ];
}
