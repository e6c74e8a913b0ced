import { readFile } from 'node:fs/promises';

export interface ProcessMemory {
  /** KiB of memory, shared pages counted by their share. */
  pssKib: number;
  /** The part of it that holds the guest's memory. */
  guestKib: number;
}

/** @param ramPath the file that a VMM maps as its guest's memory, if the process is one */
export async function memoryOf(pid: number, ramPath?: string): Promise<ProcessMemory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const guestKib =
    ramPath === undefined ? 0 : pssOfMapping(await readFile(`/proc/${pid}/smaps`, 'utf8'), ramPath);
  return { pssKib: sumOfPss(rollup), guestKib };
}

/** KiB of all mappings of one file (proc(5), /proc/PID/smaps). */
export function pssOfMapping(smaps: string, path: string): number {
  // A mapping begins with its line of addresses, permissions, offset, device, inode and path.
  const mappings = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return mappings
    .filter((mapping) => {
      const name = /^\S+ \S+ \S+ \S+ \d+ *(.*)$/m.exec(mapping)?.[1];
      return name === path || name === `${path} (deleted)`;
    })
    .reduce((sum, mapping) => sum + sumOfPss(mapping), 0);
}

/** Of `Pss:` lines only, not of the kinds that it is made of (`Pss_Anon:` and the like). */
function sumOfPss(text: string): number {
  return [...text.matchAll(/^Pss: +(\d+) kB$/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0);
}
