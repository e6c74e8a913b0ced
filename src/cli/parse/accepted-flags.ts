/**
 * Docker's flags that, with these values, ask for what every box is anyway, so that command lines written for
 * Docker work. Any other value is refused with the reason.
 */
import { BoxliteError } from '../../errors.js';
import { parseReservationMib } from '../flags/size.js';
import { type CommandContext, warn } from '../process/context.js';
import { flag, type Option, type OptionValues, value } from './command.js';

interface Accepted {
  /** Accepted values, in addition to none. */
  readonly values: readonly string[];
  /** What a box is, which is why another value is impossible. */
  readonly reason: string;
}

const HOST_KERNEL = 'a box has a kernel of its own, and shares no namespace with the host';

const ACCEPTED: Readonly<Record<string, Accepted>> = {
  'cgroup-parent': { values: [], reason: 'the processes of a box are not in a cgroup of the host' },
  cgroupns: { values: ['private'], reason: HOST_KERNEL },
  'cpu-rt-period': { values: ['0'], reason: 'a box has no processors that are kept in real time' },
  'cpu-rt-runtime': { values: ['0'], reason: 'a box has no processors that are kept in real time' },
  'cpuset-mems': { values: ['0'], reason: "a box's memory is one node, 0" },
  isolation: { values: ['default'], reason: 'a box is always isolated by a virtual machine' },
  pid: { values: ['private'], reason: HOST_KERNEL },
  runtime: {
    values: ['runc', 'io.containerd.runc.v2'],
    reason: 'a box always runs as a virtual machine',
  },
  // The only user namespace is the initial one of the box's own kernel.
  userns: { values: ['host'], reason: 'users of a box are those of its own kernel' },
  uts: { values: ['private'], reason: HOST_KERNEL },
  'volume-driver': { values: ['local'], reason: 'volumes have the driver local alone' },
};

/** On cgroups v2, Docker also discards these with a warning. */
export const KERNEL_MEMORY = {
  'kernel-memory': value('What the kernel takes counts as memory', 'SIZE', {
    parse: parseReservationMib,
    hidden: true,
  }),
} as const;

const DISCARDED = {
  ...KERNEL_MEMORY,
  'oom-kill-disable': flag('Memory that is not there is never waited for', { hidden: true }),
} as const;

export const ACCEPTED_FLAGS = {
  ...Object.fromEntries(Object.entries(ACCEPTED).map(([name, each]) => [name, accepted(each)])),
  ...DISCARDED,
} as Record<keyof typeof ACCEPTED, Option<undefined>> & typeof DISCARDED;

/** The flags that Docker's `update` has too. */
export const ACCEPTED_BY_UPDATE = Object.fromEntries(
  Object.entries(ACCEPTED)
    .filter(([name]) => ['cpu-rt-period', 'cpu-rt-runtime', 'cpuset-mems'].includes(name))
    .map(([name, each]) => [name, accepted(each)]),
) as Readonly<Record<string, Option<undefined>>>;

export const ACCEPTED_BY_NETWORK_CREATE = {
  'ipam-driver': accepted({ values: ['default'], reason: 'addresses are chosen by BoxLite alone' }),
  scope: accepted({ values: ['local'], reason: 'a network is of one machine, not of a cluster' }),
};

export function warnOfDiscarded(
  context: CommandContext,
  flags: Partial<OptionValues<typeof DISCARDED>>,
): void {
  if (flags['kernel-memory'] !== undefined)
    warn(context, '--kernel-memory is discarded: what the kernel takes counts as --memory');
  if (flags['oom-kill-disable'] === true)
    warn(context, '--oom-kill-disable is discarded: a box that is out of memory would hang');
}

function accepted({ values, reason }: Accepted): Option<undefined> {
  return {
    summary: reason,
    hidden: true,
    placeholder: 'VALUE',
    repeatable: false,
    complete: values,
    emptyIsNone: true,
    parse: (text) => {
      if (!values.includes(text)) throw new BoxliteError('unsupported', reason);
      return undefined;
    },
    initial: undefined,
  };
}
