import { describe, expect, it } from 'vitest';
import { elfNotes, elfSection, isElf64, isStatic } from '../../../../src/vmm/kernel/elf.js';
import { fakeElf } from '../../../helpers/fake-kernel.js';

describe('elf', () => {
  it('finds every note by its name and type', () => {
    const notes = [
      { name: 'Linux', type: 1 },
      { name: 'Xen', type: 18 },
    ];
    expect(elfNotes(fakeElf({ notes }))).toEqual(notes);
  });

  it('finds a section by its whole name', () => {
    const file = fakeElf({
      sections: { '.modinfo.more': Buffer.from('no'), '.modinfo': Buffer.from('yes') },
    });
    expect(elfSection(file, '.modinfo')?.toString()).toBe('yes');
    expect(elfSection(file, '.mod')).toBeUndefined();
  });

  it('calls a program static that names no loader', () => {
    expect(isStatic(fakeElf({ segmentTypes: [1] }))).toBe(true);
    expect(isStatic(fakeElf({ segmentTypes: [1, 3] }))).toBe(false);
    expect(isStatic(Buffer.from('#!/bin/sh\n'))).toBe(false);
  });

  it('takes neither 32-bit nor big-endian files nor texts for ELF64', () => {
    for (const [at, value] of [
      [4, 1],
      [5, 2],
      [0, 0],
    ] as const) {
      const file = fakeElf({});
      file[at] = value;
      expect(isElf64(file)).toBe(false);
    }
    expect(isElf64(Buffer.from('\x7fELF'))).toBe(false);
  });

  it('ends at the end of the file when a table or a note points past it', () => {
    const cut = fakeElf({ notes: [{ name: 'Xen', type: 18 }] }).subarray(0, 100);
    expect(elfNotes(cut)).toEqual([]);
    const far = fakeElf({ notes: [] });
    far.writeBigUInt64LE(2n ** 60n, 0x28);
    expect(elfSection(far, '.modinfo')).toBeUndefined();
  });
});
