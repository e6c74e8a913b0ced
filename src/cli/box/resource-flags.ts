/** The flags that limit a box's share of the machine, and how they map to the engine's options. */
import { DEFAULT_MEMORY_MIB } from '../../engine/spec/defaults.js';
import { BoxliteError } from '../../errors.js';
import type { Settings } from '../config/settings.js';
import { splitPair } from '../flags/key-values.js';
import { decimal, wholeNumber } from '../flags/number.js';
import {
  parseBytes,
  parseDiskBytes,
  parseMemoryMib,
  parseReservationMib,
  parseSwapMib,
} from '../flags/size.js';
import { parseUlimit } from '../flags/ulimit.js';
import { list, type OptionValues, under, value } from '../parse/command.js';

/** Shared with `update`. */
export const PROCESSOR_OPTIONS = {
  cpus: value('Number of virtual CPUs, also a fraction (default 1)', 'NUMBER', {
    parse: decimal(0.01, 64),
  }),
  'cpu-shares': value(
    'Weight among the boxes of this host, and in the machine (default 1024)',
    'NUMBER',
    {
      short: 'c',
      parse: wholeNumber(0),
    },
  ),
  'cpu-period': value('Length of a --cpu-quota period (default 100000)', 'MICROSECONDS', {
    parse: wholeNumber(0),
  }),
  'cpu-quota': value('CPU time in each period; in place of --cpus', 'MICROSECONDS', {
    parse: wholeNumber(-1),
  }),
  'cpuset-cpus': value("Virtual CPUs to run on, of the box's own: 0-1,3", 'LIST'),
} as const;

export const RESOURCE_OPTIONS = {
  memory: value('Memory, such as 2g; a bare number is MiB (default 512m)', 'SIZE', {
    short: 'm',
    parse: parseMemoryMib,
  }),
  'memory-reservation': value('Memory that is left to the box when it is short', 'SIZE', {
    parse: parseReservationMib,
  }),
  'disk-size': value('Size of the writable disk, with its unit (default 10g)', 'SIZE', {
    parse: parseDiskBytes,
  }),
  'pids-limit': value('Most processes and threads in the box; -1 for no limit', 'NUMBER', {
    parse: wholeNumber(-1, 4_194_304),
  }),
  'shm-size': value('Size of /dev/shm (64m)', 'SIZE', { parse: parseBytes }),
  ulimit: list('Limit a resource: nofile=1024:2048; -1 is no limit', 'NAME=SOFT[:HARD]', {
    parse: parseUlimit,
  }),
  'oom-score-adj': value(
    'How readily the kernel ends the command when memory is short: -1000 to 1000',
    'NUMBER',
    { parse: wholeNumber(-1000, 1000) },
  ),
} as const;

/** Shared with `update`. */
export const SWAP_OPTION = {
  'memory-swap': value('As much as --memory, or -1: there is no swap', 'SIZE', {
    parse: parseSwapMib,
    hidden: true,
  }),
} as const;

/** Docker's flags that another flag covers, or that change nothing here. */
const SILENT_OPTIONS = {
  ...SWAP_OPTION,
  'memory-swappiness': value('There is no swap', 'NUMBER', {
    parse: wholeNumber(-1, 100),
    hidden: true,
  }),
  'storage-opt': list('size=SIZE: the same as --disk-size', 'KEY=VALUE', {
    parse: parseStorageOpt,
    hidden: true,
  }),
} as const;

export const MACHINE_OPTIONS = {
  ...under('Processor', PROCESSOR_OPTIONS),
  ...under('Resource', RESOURCE_OPTIONS),
  ...SILENT_OPTIONS,
} as const;

type Values = OptionValues<typeof MACHINE_OPTIONS>;
/** Flags override the configuration's defaults. */
export function readResources(
  flags: Values,
  settings: Pick<Settings, 'cpus' | 'memoryMib' | 'diskBytes'>,
) {
  const memoryMib = flags.memory ?? settings.memoryMib;
  checkSwap(flags, memoryMib ?? DEFAULT_MEMORY_MIB);
  const { 'cpu-quota': quota = 0, 'cpu-period': period = 0 } = flags;
  return {
    ...readProcessors(flags),
    // The configuration applies only to boxes that set nothing themselves.
    cpus: flags.cpus ?? (quota > 0 || period > 0 ? undefined : settings.cpus),
    memoryMib,
    memoryReservationMib: flags['memory-reservation'],
    diskBytes: readDiskBytes(flags) ?? settings.diskBytes,
    pidsLimit: flags['pids-limit'],
    shmBytes: flags['shm-size'],
    ulimits: [...flags.ulimit],
    oomScoreAdj: flags['oom-score-adj'],
  };
}

export function readProcessors(flags: OptionValues<typeof PROCESSOR_OPTIONS>) {
  return {
    cpus: flags.cpus,
    cpuShares: flags['cpu-shares'],
    cpuPeriod: flags['cpu-period'],
    cpuQuota: flags['cpu-quota'],
    cpusetCpus: flags['cpuset-cpus'],
  };
}

/**
 * @param memory the box's memory in MiB; undefined when unknown
 * @throws unsupported for swap
 */
export function checkSwap(
  { 'memory-swap': swapMib }: Pick<Values, 'memory-swap'>,
  memory: number | undefined,
): void {
  if (swapMib === undefined || swapMib === -1 || swapMib === 0 || swapMib === memory) return;
  if (memory === undefined)
    throw new BoxliteError('unsupported', 'a box has no swap', {
      hint: 'say by --memory what the box needs in all, and by --memory-swap the same',
    });
  if (swapMib < memory)
    throw new BoxliteError(
      'invalid-argument',
      'Minimum memoryswap limit should be larger than memory limit, see usage',
      { hint: `the box has ${memory} MiB of memory, and no swap: leave out --memory-swap` },
    );
  throw new BoxliteError('unsupported', `a box has no swap, and ${memory} MiB of memory`, {
    hint: 'leave out --memory-swap, and say by --memory what the box needs in all',
  });
}

function readDiskBytes(flags: Values): number | undefined {
  const { 'disk-size': size, 'storage-opt': opts } = flags;
  const other = opts.find((bytes) => size !== undefined && bytes !== size);
  if (other !== undefined)
    throw new BoxliteError('invalid-argument', '--disk-size and --storage-opt size= differ', {
      hint: 'give one of them',
    });
  return size ?? opts.at(-1);
}

function parseStorageOpt(text: string): number {
  const [key, size] = splitPair(text);
  if (key.toLowerCase() === 'size') return parseDiskBytes(size);
  throw new BoxliteError('invalid-argument', `unknown option ${key}: size=SIZE is known`);
}
