import { expect, test } from 'vitest';
import { templatePlan } from '../../../../../src/engine/machine/templates/template-maker.js';
import { planQemu } from '../../../../../src/vmm/qemu/command.js';
import { MACHINE } from '../../../vmm/vmm-fixture.js';

const PROGRAM = { path: '/usr/bin/qemu-system-x86_64', version: [7, 2, 22] as const };
const FILES = { ram: '', image: '', extents: [], disk: '', share: '' };

const appended = (argv: readonly string[]): string[] =>
  (argv[argv.indexOf('-append') + 1] ?? '').split(' ');

test.each(['tcg', 'kvm'] as const)(
  'the plan that identifies a template tells the kernel what a boot by %s does, but a measured rate',
  (accelerator) => {
    const machine = { ...MACHINE, accelerator };
    const measured = accelerator === 'tcg' ? { tscKhz: 2_596_153 } : {};
    const guest = { kernel: '/k', initramfs: '/i', ...measured };
    const boot = planQemu(PROGRAM, machine, FILES, { kind: 'boot', guest });
    const identity = appended(templatePlan(PROGRAM, machine).argv);
    expect(identity).toEqual(appended(boot.argv).map((word) => word.replace('2596153', '0')));
    expect(identity.includes('tsc=reliable')).toBe(accelerator === 'tcg');
  },
);
