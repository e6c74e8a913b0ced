import { Parser, type ReadEntry } from 'tar';
import { describe, expect, it } from 'vitest';
import { rootfsTar } from '../../../../src/engine/setup/busybox-rootfs.js';

async function read(archive: Buffer): Promise<Map<string, ReadEntry & { text: string }>> {
  const entries = new Map<string, ReadEntry & { text: string }>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({ strict: true });
    parser.on('entry', (entry: ReadEntry) => {
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        entries.set(entry.path, Object.assign(entry, { text }));
      });
    });
    parser.on('end', resolve);
    parser.on('error', reject);
    parser.end(archive);
  });
  return entries;
}

describe('rootfsTar', () => {
  const archive = rootfsTar(Buffer.from('program'), ['[', 'env', 'sh']);

  it('is an archive that another reader takes without a complaint', async () => {
    const entries = await read(archive);
    expect(entries.get('bin/busybox')).toMatchObject({ text: 'program', mode: 0o755, uid: 0 });
  });

  it('links every applet in /bin to busybox', async () => {
    const entries = await read(archive);
    for (const name of ['[', 'env', 'sh'])
      expect(entries.get(`bin/${name}`)).toMatchObject({
        type: 'SymbolicLink',
        linkpath: 'busybox',
      });
    expect(entries.get('usr/bin/env')?.linkpath).toBe('../../bin/env');
  });

  it('has the directories that programs expect, with their modes', async () => {
    const entries = await read(archive);
    expect(entries.get('tmp/')).toMatchObject({ type: 'Directory', mode: 0o1777 });
    expect(entries.get('root/')).toMatchObject({ mode: 0o700 });
  });

  it('knows root and nobody', async () => {
    const entries = await read(archive);
    expect(entries.get('etc/passwd')?.text).toMatch(/^root:x:0:0:.*\nnobody:x:65534:65534:/ms);
    expect(entries.get('etc/group')?.text).toMatch(/^nogroup:x:65534:$/m);
  });

  it('is the same for the same busybox', () => {
    expect(rootfsTar(Buffer.from('program'), ['[', 'env', 'sh']).equals(archive)).toBe(true);
  });
});
