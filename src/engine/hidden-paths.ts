import type { BoxSpec } from './box-spec.js';

/** What a box's processes can't read; the guest has the same (native/guest/stage.c), and a test compares. */
const MASKED = [
  ...['/proc/asound', '/proc/acpi', '/proc/interrupts', '/proc/kcore', '/proc/keys'],
  ...['/proc/latency_stats', '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug'],
  ...['/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap'],
];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** As Docker's `HostConfig` lists them; null for a box to which all is open. */
export function hiddenPaths({ privileges }: Pick<BoxSpec, 'privileges'>) {
  if (privileges?.privileged === true) return { MaskedPaths: null, ReadonlyPaths: null };
  return { MaskedPaths: MASKED, ReadonlyPaths: READ_ONLY };
}
