import { describe, expect, it } from 'vitest';
import type { DiskUsage } from '../../../../../src/engine/images/disk-usage.js';
import { boxInfo, fakeWorld, NOW, runCli, volumeInfo } from '../../fake-world.js';

const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const usage: DiskUsage = {
  images: [
    {
      id: `sha256:${'a1'.repeat(32)}`,
      references: ['docker.io/library/alpine:3.20', 'localhost/mine:1'],
      createdAt: hoursAgo(3),
      bytes: 12_000_000,
      sharedBytes: 8_000_000,
      boxes: 1,
    },
    {
      id: `sha256:${'b2'.repeat(32)}`,
      references: [],
      createdAt: hoursAgo(50),
      bytes: 10_000_000,
      sharedBytes: 8_000_000,
      boxes: 0,
    },
  ],
  imageBytes: 14_000_000,
  reclaimableImageBytes: 2_000_000,
  templates: { count: 3, active: 1, bytes: 360_000_000 },
  volumes: [
    { volume: volumeInfo({ name: 'data', boxes: ['01x', '01y'] }), bytes: 6_000_000 },
    { volume: volumeInfo({ name: 'old' }), bytes: 2_000_000 },
  ],
  boxes: [
    { box: boxInfo(), bytes: 3_000_000, active: true },
    {
      box: boxInfo({ name: 'old', status: 'stopped', exitCode: 0, finishedAt: hoursAgo(1) }),
      bytes: 1_000_000,
      active: false,
    },
  ],
};
const engine = { diskUsage: () => Promise.resolve(usage) };

describe('system df', () => {
  it('prints Docker’s four kinds, and templates', async () => {
    expect((await runCli(['system', 'df'], engine)).stdout).toBe(
      [
        'TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE',
        'Images          2         1         14MB      2MB (14%)',
        'Containers      2         1         4MB       1MB (25%)',
        'Local Volumes   2         1         8MB       2MB (25%)',
        'Build Cache     0         0         0B        0B',
        'Templates       3         1         360MB     0B (0%)',
        '',
      ].join('\n'),
    );
  });

  it('takes templates and json', async () => {
    const argv = ['system', 'df', '--format', '{{.Type}}: {{.Reclaimable}}'];
    expect((await runCli(argv, engine)).stdout.split('\n')[0]).toBe('Images: 2MB (14%)');
    const [first = ''] = (await runCli(['system', 'df', '--format', 'json'], engine)).stdout.split(
      '\n',
    );
    expect(JSON.parse(first)).toEqual({
      Type: 'Images',
      TotalCount: '2',
      Active: '1',
      Size: '14MB',
      Reclaimable: '2MB (14%)',
    });
  });

  it('prints every image and box with -v, what is shared beside what is not', async () => {
    const { stdout } = await runCli(['system', 'df', '-v'], engine);
    expect(stdout).toContain(
      [
        'Images space usage:',
        '',
        'REPOSITORY       TAG       IMAGE ID       CREATED       SIZE      SHARED SIZE   UNIQUE SIZE   CONTAINERS',
        'alpine           3.20      a1a1a1a1a1a1   3 hours ago   12MB      8MB           4MB           1',
        'localhost/mine   1         a1a1a1a1a1a1   3 hours ago   12MB      8MB           4MB           1',
        '<none>           <none>    b2b2b2b2b2b2   2 days ago    10MB      8MB           2MB           0',
        '',
        'Containers space usage:',
        '',
      ].join('\n'),
    );
    expect(stdout).toMatch(/^01kaz3v5h8w2 +alpine +"sleep 600" +0 +3MB +.* brave_hopper$/m);
    expect(stdout).toMatch(/\nBuild cache usage: 0B\n\nTemplates usage: 360MB\n$/);
  });

  it('gives -v’s lists to a template, with whole ids', async () => {
    const details = async (format: string) =>
      (await runCli(['system', 'df', '-v', '--format', format], engine)).stdout;
    expect(await details('{{range .Images}}{{.Repository}} {{.UniqueSize}};{{end}}')).toBe(
      'alpine 4MB;localhost/mine 4MB;<none> 2MB;',
    );
    expect(
      await details(
        '{{range .Containers}}{{.Names}} {{.Size}};{{end}}{{range .Volumes}}{{.Name}} {{.Links}} {{.Size}};{{end}}{{.BuildCache}}',
      ),
    ).toBe('brave_hopper 3MB;old 1MB;data 2 6MB;old 0 2MB;[]');
    expect(await details('table {{len .BuildCache}}')).toBe('0');
    const json = JSON.parse(await details('json')) as Record<string, Record<string, string>[]>;
    expect(json.Images?.[0]).toMatchObject({ ID: `sha256:${'a1'.repeat(32)}`, Containers: '1' });
    expect(json.Containers?.[1]).toMatchObject({ Names: 'old', State: 'exited' });
  });

  it('writes Docker’s raw format', async () => {
    const raw = async (...flags: string[]) =>
      (await runCli(['system', 'df', ...flags, '--format', 'raw'], engine)).stdout;
    expect(await raw()).toContain(
      'type: Images\ntotal: 2\nactive: 1\nsize: 14MB\nreclaimable: 2MB (14%)\n\ntype: Containers\n',
    );
    expect(await raw('-v')).toContain(
      'type: Image\nrepository: alpine\ntag: 3.20\ndigest: \nimage_id: sha256:a1a1',
    );
    expect(await raw('-v')).toMatch(/type: Container\ncontainer_id: .*\nports:\nsize: 3MB\n\n/s);
  });

  it('leaves out what a narrow terminal has no room for', async () => {
    const world = fakeWorld();
    Object.assign(world.stdout, { isTTY: true, columns: 40 });
    const { stdout } = await runCli(['system', 'df', '-v'], engine, world);
    expect(stdout).toContain('REPOSITORY       TAG       SIZE\nalpine           3.20      12MB\n');
    expect(stdout).toContain('SIZE      NAMES\n3MB       brave_hopper\n1MB       old\n');
    expect(stdout).not.toContain('…');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  });
});
