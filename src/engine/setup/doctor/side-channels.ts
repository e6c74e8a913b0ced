/** Checks what lets a box on this host spy on another, or on swapped-out memory. See docs/security.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Finding, note, ok } from './check.js';

const VULNERABILITIES = 'sys/devices/system/cpu/vulnerabilities';

/**
 * At most a note: it matters only where boxes have owners who do not trust each other.
 * @param root directory with /proc and /sys, for tests
 */
export function checkSideChannels(root = '/'): Finding {
  const holds = (path: string, value: string): boolean => read(root, path).trim() === value;
  const found = [
    ...(holds('sys/devices/system/cpu/smt/active', '1') ? ['SMT is on'] : []),
    ...(holds('sys/kernel/mm/ksm/run', '1') ? ['KSM merges memory'] : []),
    ...(swapsInTheClear(root) ? ['swap is not encrypted'] : []),
    ...unmitigated(root),
  ];
  if (found.length === 0) return ok('SMT, KSM and plain swap are off');
  return note(`${found.join(', ')}: see docs/security.md if boxes do not trust each other`);
}

/** Swap on compressed memory writes to no disk, and dm-crypt devices have telling names. */
function swapsInTheClear(root: string): boolean {
  const [, ...lines] = read(root, 'proc/swaps').trim().split('\n');
  return lines.some((line) => {
    const device = basename(line.split(/\s/)[0] ?? '');
    return (
      !device.startsWith('zram') && !read(root, `sys/block/${device}/dm/uuid`).startsWith('CRYPT-')
    );
  });
}

function unmitigated(root: string): string[] {
  const names = list(root, VULNERABILITIES).filter((name) =>
    read(root, `${VULNERABILITIES}/${name}`).startsWith('Vulnerable'),
  );
  return names.length === 0 ? [] : [`the processor is vulnerable to ${names.join(' and ')}`];
}

function list(root: string, path: string): string[] {
  try {
    return readdirSync(join(root, path)).sort();
  } catch {
    return [];
  }
}

/** Empty if the kernel lacks the file, and so the feature. */
function read(root: string, path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}
