import { writeFileSync } from 'node:fs';
import type { Home } from '../../../../src/host/home.js';
import { type TemplateAbout } from '../../../../src/vmm/template/template.js';
import { TemplateDraft } from '../../../../src/vmm/template/template-draft.js';
import { MACHINE } from '../vmm-fixture.js';

export const DISK_BYTES = 2 ** 30;
export const ABOUT: TemplateAbout = {
  ...MACHINE,
  key: 'k1',
  kernelVersion: '6.1.0',
  vmm: '7.2.22',
  createdAt: '2026-11-05T10:20:30.000Z',
};

export function begin(home: Home, key = 'k1'): Promise<TemplateDraft> {
  return TemplateDraft.begin(home, key);
}

export async function make(home: Home, state: string | Buffer = 'state', key = 'k1') {
  const draft = await begin(home, key);
  await draft.blankFiles(MACHINE, DISK_BYTES);
  writeFileSync(draft.state, state);
  return draft.commit({ ...ABOUT, key });
}
