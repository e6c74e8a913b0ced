import { readFileSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Created by `setKernels`: a kernel that /proc/version tells from the home's. */
let own: { kernel: string; modules: string; flags: string[] };
const MARK = 'made by a test';

beforeAll(async () => {
  const assets = join(home.path, 'assets');
  const { kernel } = JSON.parse(readFileSync(join(assets, 'assets.json'), 'utf8')) as {
    kernel: { directory: string };
  };
  const made = join(assets, kernel.directory);
  const directory = join(home.path, '..', 'own kernel');
  const modules = join(directory, 'modules');
  await mkdir(join(modules, 'kernel'), { recursive: true });
  for (const name of await readdir(join(made, 'modules')))
    if (name.endsWith('.ko'))
      await copyFile(join(made, 'modules', name), join(modules, 'kernel', name));
  await writeFile(join(directory, 'vmlinux'), marked(readFileSync(join(made, 'vmlinux'))));
  const file = join(directory, 'vmlinux');
  own = { kernel: file, modules, flags: ['--kernel', file, '--modules', modules] };
});

/** Changes the builder in the banner, at the same length; the kernels differ in nothing else. */
function marked(kernel: Buffer): Buffer {
  const text = kernel.toString('latin1');
  const builder = /Linux version [^ ]+ \(([^)]+)\)/.exec(text)?.[1] ?? '';
  expect(builder.length).toBeGreaterThan(MARK.length);
  return Buffer.from(text.replaceAll(builder, MARK.padEnd(builder.length)), 'latin1');
}

interface Inspected {
  Boxlite: { Template: string; Kernel: Record<string, unknown> | null };
}

async function inspect(box: string): Promise<Inspected['Boxlite']> {
  const [{ Boxlite }] = JSON.parse(await home.ok(['inspect', box])) as [Inspected];
  return Boxlite;
}

/** Ignores stderr, because the first start reports that it prepares the kernel and its templates. */
async function output(args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await home.boxlite(args);
  expect({ args, status, stderr }).toMatchObject({ args, status: 0 });
  return stdout.toString();
}

const VERSION = ['cat', '/proc/version'];

describe('a box with a kernel of its own', () => {
  it('boots by it, again at each start, and shares no template with other boxes', async () => {
    const run = ['run', '--name', 'own', ...own.flags, 'busybox', 'sh', '-c'];
    expect(await output([...run, 'echo kept > /mark; cat /proc/version'])).toContain(MARK);
    const ofImage = (await inspect('own')).Template;
    expect(await home.ok(['start', '-a', 'own'])).toContain(MARK);
    const { Template: ofMachine, Kernel } = await inspect('own');
    expect(Kernel).toMatchObject({ Path: own.kernel, Modules: own.modules });

    expect(await home.ok(['run', '--name', 'usual', 'busybox', ...VERSION])).not.toContain(MARK);
    expect(await home.ok(['start', '-a', 'usual'])).not.toContain(MARK);
    const usual = await inspect('usual');
    expect(usual.Kernel).toBeNull();
    expect([ofImage, ofMachine]).not.toContain(usual.Template);

    const { Templates } = JSON.parse(await home.ok(['info', '-f', 'json'])) as {
      Templates: { Key: string; Kernel: string }[];
    };
    const kernelOf = new Map(Templates.map(({ Key, Kernel: path }) => [Key, path]));
    expect([ofImage, ofMachine, usual.Template].map((key) => kernelOf.get(key))).toEqual([
      own.kernel,
      own.kernel,
      '',
    ]);
    await home.ok(['rm', 'own', 'usual']);
  });

  it('starts without a word from what is prepared, a copy of the kernel too', async () => {
    const copy = join(own.kernel, '..', 'copy');
    await copyFile(own.kernel, copy);
    const before = await readdir(join(home.path, 'templates'));
    const flags = ['--kernel', copy, '--modules', own.modules];
    await home.ok(['run', '--rm', ...own.flags, 'busybox', 'true']);
    expect(await output(['run', '--rm', ...flags, 'busybox', ...VERSION])).toContain(MARK);
    expect(await readdir(join(home.path, 'templates'))).toEqual(before);
  });

  it('boots by it also without a template', async () => {
    const run = ['run', '--rm', '--cold', ...own.flags, 'busybox', ...VERSION];
    expect(await home.ok(run)).toContain(MARK);
  });

  it('says when the kernel is gone or changed, gives its files, and starts when all is as it was', async () => {
    const [file, away] = ['file', 'away'].map((name) => join(own.kernel, '..', name)) as [
      string,
      string,
    ];
    await copyFile(own.kernel, file);
    const flags = ['--name', 'lost', '--kernel', file, '--modules', own.modules];
    await output(['run', ...flags, 'busybox', 'sh', '-c', 'echo kept > /mark; cat /proc/version']);
    const failed = async (): Promise<string> => {
      const { status, stdout, stderr } = await home.boxlite(['start', 'lost']);
      expect([status, stdout.toString()]).toEqual([1, '']);
      return stderr;
    };
    await rename(file, away);
    expect(await failed()).toMatch(
      `boxlite: ${file} is gone, from which box lost has its kernel\nput it back, or create the box again`,
    );
    expect(await home.ok(['inspect', '-f', '{{.State.Error}}', 'lost'])).toContain('is gone');
    await home.ok(['cp', 'lost:/mark', join(home.path, 'mark')]);
    expect(readFileSync(join(home.path, 'mark'), 'utf8')).toBe('kept\n');

    await writeFile(file, Buffer.concat([readFileSync(away), Buffer.from('x')]));
    expect(await failed()).toContain(
      `${file} or what is in ${own.modules} has changed since box lost was made with it`,
    );

    await rename(away, file);
    await utimes(file, new Date(), new Date());
    expect(await output(['start', '-a', 'lost'])).toContain(MARK);
    await home.ok(['rm', 'lost']);
  });
});

describe('what is no kernel for boxes', () => {
  it.each([
    ['nothing', '/nowhere/vmlinuz', /^boxlite: kernel: \/nowhere\/vmlinuz does not exist\nname a/],
    ['a directory', '/etc', /^boxlite: kernel: \/etc is not a regular file\nname a/],
    ['another file', '/etc/passwd', /\/etc\/passwd can't be used as the guest kernel: .*\nname a/],
  ])('is refused before anything is made of it: %s', async (_what, path, message) => {
    for (const verb of ['run', 'create']) {
      const { status, stdout, stderr } = await home.boxlite([verb, '--kernel', path, 'busybox']);
      expect([status, stdout.toString()]).toEqual([125, '']);
      expect(stderr).toMatch(message);
    }
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  it.each([
    [
      'one whose modules were not named',
      () => Promise.resolve(['--kernel', own.kernel]),
      /\n {2}\| .*the kernel has no driver virtio_console.*\n[^]*--modules \/lib\/modules\//,
    ],
    [
      'one that breaks down before its first word',
      async () => {
        const broken = join(own.kernel, '..', 'broken');
        // The code after the headers that set-up checks is replaced by invalid instructions.
        await writeFile(broken, readFileSync(own.kernel).fill('0f0b', 0x20_0000, 0x80_0000, 'hex'));
        return ['--kernel', broken, '--modules', own.modules];
      },
      /the VMM ended with status 0/,
    ],
  ])(
    'is told from what was seen of it, at once, and leaves nothing: %s',
    async (_what, flags, said) => {
      const run = ['run', '--rm', '--name', 'web', ...(await flags()), 'busybox', 'true'];
      const begun = performance.now();
      const { status, stdout, stderr } = await home.boxlite(run);
      expect([status, stdout.toString()]).toEqual([125, '']);
      expect(stderr).toMatch(/^boxlite: box web did not come up with its kernel .*own kernel/m);
      expect(stderr).toMatch(said);
      // The start does not wait for the agent until the deadline of two minutes.
      expect(performance.now() - begun).toBeLessThan(100_000);
      expect(await home.ok(['ps', '-aq'])).toBe('');
      expect(await home.processes()).toEqual([]);
      for (const name of await readdir(join(home.path, 'templates')))
        expect(name).not.toMatch(/^\./);
      await rm(join(own.kernel, '..', 'broken'), { force: true });
    },
  );
});
