import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage } from '../helpers/images.js';
import { tar } from '../helpers/tar-builder.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

const image = (source: string, target: string, ...more: string[]): string[] => [
  ...['--mount', [`type=image,source=${source}`, `target=${target}`, ...more].join()],
];
const sh = (script: string): Promise<string> => home.ok(['exec', 'box', 'sh', '-c', script]);
const layers = async (): Promise<string[]> =>
  (await readdir(join(home.path, 'images/layers'))).sort();

/** Digests of all that images have on the host. */
async function contents(): Promise<string> {
  const { stdout } = await execa('find', [
    ...[join(home.path, 'images/layers'), join(home.path, 'images/disks'), '-type', 'f'],
    ...['-exec', 'sha256sum', '{}', '+'],
  ]);
  return stdout;
}

beforeAll(async () => {
  const files = tar(
    { name: 'top', content: 'top\n', uid: 70, mode: 0o640 },
    { name: 'part/', type: '5' },
    { name: 'part/file', content: 'part\n' },
    { name: 'out', type: '2', linkName: '/etc' },
    { name: 'null', type: '3', major: 1, minor: 3, mode: 0o666 },
  );
  await home.ok(['import', '-', 'files'], { input: files });
  await home.ok([
    ...['run', '-d', '--privileged', '--name', 'box', '-v', '/anonymous'],
    ...['--mount', 'type=volume,src=data,dst=/data,volume-opt=type=disk,volume-opt=size=64m'],
    ...[...image('files', '/all'), ...image('files', '/some/part', 'image-subpath=part')],
    ...[...image('busybox', '/other'), 'busybox', 'sleep', '6000'],
  ]);
});
afterAll(() => home.boxlite(['rm', '-f', '-v', 'box']));

describe('an image that is mounted in a box', () => {
  it('has its files, owners and modes, in part as well', async () => {
    expect(await sh('cat /all/top /some/part/file; stat -c "%u %a" /all/top; ls /other')).toMatch(
      /^top\npart\n70 640\nbin\n/,
    );
    // Beside a disk volume, an anonymous one, and the kernel's modules, which found no slot.
    expect(await sh('touch /data/x /anonymous/y && grep -c ^/dev/vd /proc/mounts')).toBe('5');
  });

  it('takes nothing from the box, not even from a privileged one that writes to its disk', async () => {
    const before = await contents();
    const script = [
      'touch /all/new; cat < /all/null',
      'disk=$(sed -n "s,^/dev/\\(vd.\\) /all .*,\\1,p" /proc/mounts)',
      'mknod /disk b $(tr : " " < /sys/block/$disk/dev)',
      'dd if=/dev/zero of=/disk bs=1M count=1 conv=fsync && echo written',
    ].join('\n');
    const { stdout, stderr } = await home.boxlite(['exec', 'box', 'sh', '-c', script]);
    expect(stdout.toString()).toBe('');
    expect(stderr).toContain('/all/new: Read-only file system');
    expect(stderr).toContain("can't open /all/null: Permission denied");
    expect(stderr).toContain('dd: /disk: Input/output error');
    expect(await contents()).toEqual(before);
  });

  it('is shown by inspect as Docker shows it', async () => {
    const format = '{{json .Mounts}} {{json .HostConfig.Mounts}}';
    const text = await home.ok(['inspect', '--format', format, 'box']);
    expect(text).toContain(
      '{"Type":"image","Source":"files","Destination":"/all","Mode":"","RW":false,"Propagation":""}',
    );
    expect(text).toContain(
      '{"Type":"image","Source":"files","Target":"/some/part","ReadOnly":true,"ImageOptions":{"Subpath":"part"}}',
    );
  });

  it('is not removed meanwhile, and with force stays until the box goes', async () => {
    const before = await layers();
    const { status, stderr } = await home.boxlite(['rmi', 'files']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('box box (')]);
    await home.ok(['stop', '-t', '0', 'box']);
    await home.ok(['rmi', '-f', 'files']);
    expect(await layers()).toEqual(before);
    await home.ok(['start', 'box']);
    expect(await sh('cat /all/top')).toBe('top');
    // Another box gets it from this one.
    expect(
      await home.ok([
        'run',
        '--rm',
        '--volumes-from',
        'box',
        '--mount',
        'type=tmpfs,dst=/data',
        'busybox',
        'cat',
        '/some/part/file',
      ]),
    ).toBe('part');
    await home.ok(['stop', '-t', '0', 'box']);
    expect(await home.ok(['cp', 'box:/all/part/file', '-'])).toContain('part\n');
    await home.ok(['rm', '-v', 'box']);
    expect((await layers()).length).toBe(before.length - 1);
  });
});

it('is pulled when it is not here, as the box’s own is, and nothing else', async () => {
  const wanted = await makeImage({ layers: [{ found: 'pulled' }] });
  const registry = await startFakeRegistry([wanted]);
  const name = `${registry.host}/team/app:v1`;
  try {
    const command = ['run', '--rm', ...image(name, '/x'), 'busybox', 'cat', '/x/found'];
    const { status, stdout, stderr } = await home.boxlite(command);
    expect([status, stdout.toString()]).toEqual([0, 'pulled']);
    expect(stderr).toMatch(new RegExp(`^Unable to find image '${name}' locally\n`));
    expect(stderr.match(/Unable to find/g)).toHaveLength(1);
  } finally {
    await registry.stop();
  }
});

describe('a box is not made or started', () => {
  it.each([
    [image('missing', '/x'), 'boxlite: No such image: missing\n', 125],
    [image('busybox', '/x', 'image-subpath=../up'), 'is not within the image', 125],
    [
      image('busybox', '/x', 'image-subpath=nowhere'),
      `can't mount "nowhere" of image busybox at /x`,
      125,
    ],
    [image('busybox', '/x', 'readonly=false'), 'an image is mounted read-only', 125],
  ])('with %j', async (mount, message, code) => {
    const { status, stderr } = await home.boxlite([
      'run',
      '--rm',
      '--pull',
      'never',
      ...mount,
      'busybox',
      'true',
    ]);
    expect([status, stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
