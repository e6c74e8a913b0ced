import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { hostProcessor } from '../../../../src/vmm/accelerator/host-processor.js';
import { temporaryHome } from '../vmm-fixture.js';

const PART = `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1
cpu MHz\t\t: 2596.150
flags\t\t: fpu vme
bugs\t\t: spectre_v1
bogomips\t: 5192.30
`;

function processorOf(text: string, accelerator: 'tcg' | 'kvm'): string {
  const path = join(dirname(temporaryHome().root), 'cpuinfo');
  writeFileSync(path, text);
  return hostProcessor(accelerator, path);
}

test('the host’s processor is its model, and with KVM what it and the host’s kernel can', () => {
  const model =
    'vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\nstepping\t: 1';
  const text = `${PART}\n${PART.replaceAll('AMD', 'another')}`;
  expect(processorOf(text, 'tcg')).toBe(model);
  expect(processorOf(text, 'kvm')).toBe(`${model}\nflags\t\t: fpu vme\n${release()}`);
});

test('what the host does at the moment, and how many it has, is none of it', () => {
  const busy = PART.replace('2596.150', '1200.000').replace('5192.30', '5192.31');
  for (const accelerator of ['tcg', 'kvm'] as const)
    expect(processorOf(busy, accelerator)).toBe(processorOf(`${PART}\n${PART}`, accelerator));
});
