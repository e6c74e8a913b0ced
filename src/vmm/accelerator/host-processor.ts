import { closeSync, openSync, readSync } from 'node:fs';
import { release } from 'node:os';
import type { AcceleratorName } from '../driver.js';

/** The first processor's part ends before; the file has as many parts as the host has processors. */
const FIRST_PART_BYTES = 4_096;

/** What names a model, whose counter has one rate. */
const MODEL = ['vendor_id', 'cpu family', 'model', 'model name', 'stepping'];

/**
 * What of the host's processor is in a machine's memory: by KVM all that it can, which kernel and C library
 * have chosen their code by; by emulation only the rate of its counter. A home may move to another host.
 * What a KVM machine's state holds, registers and features, is also the host's kernel's to say, by its release.
 * @param path of /proc/cpuinfo
 */
export function hostProcessor(accelerator: AcceleratorName, path = '/proc/cpuinfo'): string {
  const names = accelerator === 'kvm' ? [...MODEL, 'flags'] : MODEL;
  const [first = ''] = firstPart(path).split('\n\n');
  const lines = first.split('\n').filter((line) => names.includes(line.split('\t', 1)[0] ?? ''));
  return [...lines, ...(accelerator === 'kvm' ? [release()] : [])].join('\n');
}

function firstPart(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(FIRST_PART_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}
