import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMITS, MESSAGES, STAGES } from '../../../src/agent/protocol.js';
import { constantName, protocolHeader } from '../../../src/build/protocol-header.js';
import { vectorIndex, vectors } from '../../../src/build/vectors.js';

const PROTOCOL = new URL('../../../native/protocol/', import.meta.url);
const checkedIn = (name: string) => readFileSync(new URL(name, PROTOCOL));

describe('the header', () => {
  const header = protocolHeader();

  test('is checked in as it is generated', () => {
    expect(checkedIn('protocol.h').toString()).toBe(header);
  });

  test('has every message under its number', () => {
    for (const [name, { type }] of Object.entries(MESSAGES))
      expect(header).toMatch(
        new RegExp(`^#define BL_MSG_${constantName(name)} 0x0?${type.toString(16)}U$`, 'm'),
      );
  });

  test('has the limits and the names of the stages', () => {
    expect(header).toContain(`#define BL_LIMIT_WINDOW ${LIMITS.WINDOW}U\n`);
    for (const [name, number] of Object.entries(STAGES))
      expect(header).toContain(`[${number}] = "${name.toLowerCase()}"`);
  });

  test('gives no two constants one name', () => {
    const names = [...header.matchAll(/^#define (\w+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

test('spells names as C does', () => {
  expect(constantName('killVmm')).toBe('KILL_VMM');
  expect(constantName('exec')).toBe('EXEC');
});

describe('golden messages', () => {
  const all = vectors();

  test('are checked in as they are generated', () => {
    expect(checkedIn('vectors/index.json').toString()).toBe(vectorIndex(all));
    for (const { name, bytes } of all)
      expect(checkedIn(`vectors/${name}.bin`).equals(bytes)).toBe(true);
  });

  test('exist for every message that has fields', () => {
    const covered = new Set<string>(all.map(({ message }) => message));
    const withFields = Object.entries(MESSAGES)
      .filter(([, { fields }]) => fields !== 'raw' && fields.length > 0)
      .map(([name]) => name);
    expect(withFields.filter((name) => !covered.has(name))).toEqual([]);
  });

  test('write 64-bit numbers as decimals and bytes as hexadecimal in their index', () => {
    const index = JSON.parse(vectorIndex(all)) as { file: string; values: unknown }[];
    expect(index.find(({ file }) => file === 'ready.bin')?.values).toMatchObject({
      uptimeNs: '18446744073709551615',
    });
    expect(index.find(({ file }) => file === 'exec-not-utf8.bin')?.values).toMatchObject({
      argv: ['fffe80'],
    });
  });
});
