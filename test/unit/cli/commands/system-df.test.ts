import { describe, expect, it } from 'vitest';
import type { DiskUsage } from '../../../../src/engine/disk-usage.js';
import { boxInfo, NOW, runCli } from '../fake-world.js';

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
        'Local Volumes   0         0         0B        0B',
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

  it('refuses -v together with a format', async () => {
    const argv = ['system', 'df', '-v', '--format', 'json'];
    expect(await runCli(argv, engine)).toMatchObject({ status: 1, stdout: '' });
  });
});
