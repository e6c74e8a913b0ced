import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXEC_FLAGS, LIMITS } from '../../src/agent/protocol.js';
import { decodeMessage } from '../../src/agent/codec.js';
import type { LiteBox } from '../../src/engine/box.js';
import { BOX_FILES } from '../../src/home.js';
import { isEof } from '../helpers/fake-shim.js';
import { tar, tarEntry } from '../helpers/tar-builder.js';
import { giveShim, tinyRuntime, TINY } from '../helpers/tiny-runtime.js';

/** What a guest says for its end of a copy. */
interface Answer {
  archive?: Buffer;
  report?: string;
  code?: number;
  /** The box ends in the middle. */
  vanish?: boolean;
  /** It never says that it is done. */
  silent?: boolean;
  onRequest?: (argv: string[], flags: number) => void;
}

/** A running box whose agent answers whatever is asked with this; sends no more than its window. */
async function boxThat(answer: Answer): Promise<LiteBox> {
  const { home, runtime } = await tinyRuntime();
  const box = await runtime.create({ rootfs: { image: TINY } }, 'liar');
  await giveShim(home, box.id, (peer) => {
    peer.welcome();
    peer.on('exec', ({ session, payload }) => {
      const { argv, flags } = decodeMessage('exec', payload);
      answer.onRequest?.(argv.map(String), flags);
      peer.send('started', session, { pid: 5 });
      let rest = answer.archive ?? Buffer.alloc(0);
      let room: number = LIMITS.WINDOW;
      const pump = (): void => {
        while (rest.length > 0 && room > 0) {
          const piece = rest.subarray(0, Math.min(room, 65_000));
          rest = rest.subarray(piece.length);
          room -= piece.length;
          peer.output('stdout', session, piece);
        }
        if (rest.length > 0) return;
        if (answer.vanish === true) {
          peer.socket.destroy();
          return;
        }
        if (answer.silent === true) return;
        peer.output('stderr', session, Buffer.from(answer.report ?? '=0 0\n'));
        peer.send('exited', session, { code: answer.code ?? 0, signal: 0, flags: 0 });
      };
      peer.on('credit', (frame) => {
        room += decodeMessage('credit', frame.payload).bytes;
        pump();
      });
      if ((flags & EXEC_FLAGS.UNPACK) === 0) pump();
      else
        peer.on('stdin', (frame) => {
          if (isEof(frame)) pump();
        });
    });
  });
  writeFileSync(
    join(home.box(box.id), BOX_FILES.started),
    JSON.stringify({ at: '2026-11-05T10:00:00.000000000Z', shimPid: 11, vmmPid: 12 }),
  );
  return box;
}

function place(): { top: string; dest: string; outside: () => string[] } {
  const top = mkdtempSync(join(tmpdir(), 'boxlite-copy-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  writeFileSync(join(top, 'kept'), 'kept');
  chmodSync(join(top, 'kept'), 0o640);
  return { top, dest: join(top, 'dest'), outside: () => readdirSync(top).sort() };
}

const directory = { name: 'src/', type: '5' };

describe('a guest that lies', () => {
  it.each([
    ['names a file above', [directory, { name: '../../x', content: 'bad' }]],
    ['names an absolute file', [directory, { name: '/tmp/x', content: 'bad' }]],
    ['names what was not asked for', [directory, { name: 'other/x', content: 'bad' }]],
    ['begins with a name above', [{ name: '../kept', content: 'bad' }]],
    [
      'writes through its link',
      [
        directory,
        { name: 'src/l', type: '2', linkName: '..' },
        { name: 'src/l/kept', content: 'bad' },
      ],
    ],
    ['links to a file above', [directory, { name: 'src/h', type: '1', linkName: '../kept' }]],
    ['says a negative size', [directory, { name: 'src/f', size: -1 }]],
  ])('and %s is refused, and nothing outside is touched', async (_what, entries) => {
    const { dest, outside, top } = place();
    const box = await boxThat({ archive: tar(...entries) });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ name: 'BoxliteError' });
    expect(outside().filter((name) => name !== 'dest')).toEqual(['kept']);
    expect(readFileSync(join(top, 'kept'), 'utf8')).toBe('kept');
  });

  it('about a size it does not send leaves no half file', async () => {
    const { dest } = place();
    const archive = Buffer.concat([
      tarEntry(directory),
      tarEntry({ name: 'src/whole', content: 'whole' }),
      tarEntry({ name: 'src/half', size: 100_000, content: 'only this' }),
    ]);
    const box = await boxThat({ archive });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('src/half') as string,
    });
    expect(readdirSync(dest)).toEqual(['whole']);
  });

  it('and ends in the middle leaves no half file', async () => {
    const { dest } = place();
    const archive = tarEntry({ name: 'src', size: 1_000_000, content: Buffer.alloc(300_000, 1) });
    const box = await boxThat({ archive, vanish: true });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ code: 'vmm-failed' });
    expect(() => readFileSync(dest)).toThrow('ENOENT');
  });

  it('with success where it sent a failure is believed neither', async () => {
    const { dest } = place();
    const box = await boxThat({
      archive: tar({ name: 'src', content: 'x' }),
      code: 1,
      report: '-broken\n',
    });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({
      message: 'the copy failed in box liar: broken',
    });
  });

  it('by never ending is given up', async () => {
    const { dest } = place();
    const archive = Buffer.concat([tar({ name: 'src', content: 'x' }), Buffer.alloc(1_000_000)]);
    const box = await boxThat({ archive, silent: true });
    await expect(box.copyOut('/src', dest)).rejects.toMatchObject({ code: 'protocol' });
    expect(readFileSync(dest, 'utf8')).toBe('x');
  });

  it('moves no cursor with its words, and fills no memory', async () => {
    const { dest } = place();
    const said = `-\u001b]0;title\u0007\u001b[2J${'x'.repeat(1_000)}\n`;
    const box = await boxThat({ code: 1, report: said.padEnd(60_000, 'y') });
    const error: unknown = await box.copyOut('/src', dest).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('?]0;title??[2J');
    expect(String(error)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(String(error).length).toBeLessThan(66_000);
  });

  it('that stops taking an archive is told apart from a host that can not read', async () => {
    const { top } = place();
    const full = await boxThat({ code: 13, report: "-can't write big: No space left on device\n" });
    await expect(full.copyInto(join(top, 'kept'), '/x')).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringContaining('no space left in box liar') as string,
    });
    const cut = await boxThat({ code: 11, report: '-the archive is empty\n' });
    await expect(cut.copyInto(join(top, 'none'), '/x')).rejects.toMatchObject({
      message: `lstat ${join(top, 'none')}: no such file or directory`,
    });
  });
});

describe('the options of a copy', () => {
  it.each([
    [{}, ['sparse', 'directories'], ['privileges', 'direct']],
    [{ recursive: false }, ['sparse'], ['privileges', 'direct']],
    [{ overwrite: false }, ['sparse', 'directories'], ['keep', 'privileges', 'direct']],
    [{ followSymlinks: true }, ['follow-all', 'sparse', 'directories'], ['privileges', 'direct']],
    [{ followSource: true }, ['follow-source', 'sparse', 'directories'], ['privileges', 'direct']],
    [
      { archive: true },
      ['attributes', 'sparse', 'directories'],
      ['owners', 'attributes', 'privileges', 'direct'],
    ],
  ])('%j ask for what they say', async (options, pack, unpack) => {
    const { top, dest } = place();
    const asked: string[][] = [];
    const box = await boxThat({
      archive: tar({ name: 'src', content: 'x' }),
      onRequest: (argv) => asked.push(argv),
    });
    await box.copyOut('src', dest, options);
    await box.copyInto(join(top, 'kept'), 'x', options);
    expect(asked).toEqual([
      ['pack', ...pack, '--', '/src'],
      ['unpack', ...unpack, '--', '/x'],
    ]);
  });

  it('take what is in a directory without its parent', async () => {
    const asked: string[][] = [];
    const { dest } = place();
    const box = await boxThat({
      archive: tar({ name: './', type: '5' }, { name: './a', content: 'x' }),
      onRequest: (argv) => asked.push(argv),
    });
    await box.copyOut('/src/', dest, { includeParent: false });
    expect(asked[0]?.at(-1)).toBe('/src/.');
    expect(readdirSync(dest)).toEqual(['a']);
  });

  it('end it by their signal', async () => {
    const { dest } = place();
    const stop = new AbortController();
    const box = await boxThat({
      archive: tarEntry({ name: 'src', size: 10_000_000, content: Buffer.alloc(2_000_000, 1) }),
    });
    const copying = box.copyOut('/src', dest, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(copying).rejects.toThrow('enough');
    expect(() => readFileSync(dest)).toThrow('ENOENT');
  });
});
