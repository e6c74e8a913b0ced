import { closeSync, openSync, readSync } from 'node:fs';
import { release } from 'node:os';
import type { AcceleratorName } from '../driver.js';

/** The first processor's part is shorter than this; the file has one part per processor. */
const FIRST_PART_BYTES = 4_096;

/** The fields that identify a model; the counter's rate depends on the model. */
const MODEL = ['vendor_id', 'cpu family', 'model', 'model name', 'stepping'];

/**
 * The properties of the host's processor that a machine's memory depends on, because a home may move to
 * another host. With KVM these are all features, by which kernel and C library choose their code; under
 * emulation only the counter's rate. The registers and features in a KVM machine's state also depend on the
 * release of the host's kernel.
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
