import { describe, expect, it } from 'vitest';
import { pssOfMapping } from '../../bench/smaps.js';

const SMAPS = `55d0a000-55d0b000 r-xp 00001000 fe:00 211 /usr/bin/qemu
Rss:                 900 kB
Pss:                 800 kB
Pss_Dirty:             7 kB
VmFlags: rd ex mr mw me
7f9e9ffff000-7f9ebffff000 rw-p 00000000 fe:00 2194367                    /home/a b/ram
Pss:               30000 kB
Pss_Dirty:         29000 kB
7f9ec0000000-7f9ec0001000 rw-p 00000000 fe:00 2194367                    /home/a b/ram (deleted)
Pss:                   5 kB
7f9ed0000000-7f9ed0001000 rw-p 00000000 00:00 0 
Pss:                  11 kB
7f9ee0000000-7f9ee0001000 rw-p 00000000 fe:00 2194368                    /home/a b/ram2
Pss:                  13 kB
`;

describe('pssOfMapping', () => {
  it('sums all mappings of the file, also when it has been deleted', () => {
    expect(pssOfMapping(SMAPS, '/home/a b/ram')).toBe(30_005);
  });

  it('takes the first mapping as well as the last', () => {
    expect(pssOfMapping(SMAPS, '/usr/bin/qemu')).toBe(800);
    expect(pssOfMapping(SMAPS, '/home/a b/ram2')).toBe(13);
  });

  it('gives 0 for a file that is not mapped', () => {
    expect(pssOfMapping(SMAPS, '/home/a')).toBe(0);
  });
});
