import { describe, expect, it } from 'vitest';
import { ignoringWgetTimeout } from '../../../../src/engine/setup/busybox-wget.js';

const OPTIONS = '\0^cqSO:o:P:Y:U:T:+t:n::\0-1:\xfe';

describe('ignoringWgetTimeout', () => {
  it('has -T read as text, and every other byte stays where it is', () => {
    const busybox = Buffer.from(`program${OPTIONS}data`, 'latin1');
    const mended = ignoringWgetTimeout(busybox);
    expect(mended.toString('latin1')).toBe('program\0^cqSO:o:P:Y:U:T:t:n:::\0-1:\xfedata');
    expect(mended).toHaveLength(busybox.length);
    expect(busybox.toString('latin1')).toContain(OPTIONS);
  });

  it.each(['program without it', OPTIONS + OPTIONS])('leaves other programs alone: %j', (text) => {
    const busybox = Buffer.from(text, 'latin1');
    expect(ignoringWgetTimeout(busybox).equals(busybox)).toBe(true);
  });
});
