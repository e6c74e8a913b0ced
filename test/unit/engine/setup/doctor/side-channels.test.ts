import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkSideChannels } from '../../../../../src/engine/setup/doctor/side-channels.js';

const SWAPS = 'Filename\tType\tSize\tUsed\tPriority\n';
const CPU = 'sys/devices/system/cpu';

/** A host that says so of itself. */
function host(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-host-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

it.each([
  ['that tells nothing', {}],
  [
    'that has them off',
    {
      [`${CPU}/smt/active`]: '0\n',
      [`${CPU}/vulnerabilities/mds`]: 'Mitigation: Clear CPU buffers; SMT Host state unknown\n',
      'sys/kernel/mm/ksm/run': '0\n',
      'proc/swaps': SWAPS,
    },
  ],
  [
    'whose swap is memory, or encrypted',
    {
      'proc/swaps': `${SWAPS}/dev/zram0 partition 1 0 -2\n/dev/dm-1 partition 1 0 -3\n`,
      'sys/block/dm-1/dm/uuid': 'CRYPT-PLAIN-swap\n',
    },
  ],
])('a host %s gets no note', (_what, files) => {
  expect(checkSideChannels(host(files))).toMatchObject({ status: 'ok' });
});

it.each([
  ['SMT is on', { [`${CPU}/smt/active`]: '1\n' }],
  ['KSM merges memory', { 'sys/kernel/mm/ksm/run': '1\n' }],
  ['swap is not encrypted', { 'proc/swaps': `${SWAPS}/swapfile file 1 0 -2\n` }],
  [
    'swap is not encrypted',
    {
      'proc/swaps': `${SWAPS}/dev/dm-0 partition 1 0 -2\n`,
      'sys/block/dm-0/dm/uuid': 'LVM-AbCd\n',
    },
  ],
  [
    'the processor is vulnerable to mds and retbleed',
    {
      [`${CPU}/vulnerabilities/retbleed`]: 'Vulnerable\n',
      [`${CPU}/vulnerabilities/mds`]: 'Vulnerable: no microcode\n',
      [`${CPU}/vulnerabilities/l1tf`]: 'Not affected\n',
    },
  ],
])('a host is told that %s, in one line', (said, files) => {
  expect(checkSideChannels(host(files))).toEqual({
    status: 'note',
    detail: `${said}: see docs/security.md if boxes do not trust each other`,
  });
});
