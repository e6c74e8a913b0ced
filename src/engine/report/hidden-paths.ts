import type { BoxSpec } from '../spec/box-spec.js';

/**
 * What a box's processes can't read; the guest has the same list (native/guest/box/root/stage.c), and a test
 * compares them.
 */
const MASKED = [
  ...['/proc/asound', '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys'],
  ...['/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug'],
  ...['/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'],
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** As Docker's `HostConfig` lists them: null for a privileged box, empty for one without masking. */
export function hiddenPaths({ privileges, security }: Pick<BoxSpec, 'privileges' | 'security'>) {
  if (privileges?.privileged === true) return { MaskedPaths: null, ReadonlyPaths: null };
  if (security?.maskedPaths === false) return { MaskedPaths: [], ReadonlyPaths: [] };
  return { MaskedPaths: MASKED, ReadonlyPaths: READ_ONLY };
}
