import { describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../../../../src/engine/images/history.js';
import { NOW, type Outcome, runCli } from '../../fake-world.js';

const ID = `sha256:${'ab'.repeat(32)}`;
const LINES: HistoryLine[] = [
  {
    id: ID,
    createdAt: new Date(NOW.getTime() - 3 * 86_400_000),
    createdBy: 'CMD ["/bin/sh"]',
    sizeBytes: 0,
    comment: 'buildkit',
  },
  {
    id: undefined,
    createdAt: new Date(NOW.getTime() - 21 * 86_400_000),
    createdBy: `RUN\t${'x'.repeat(60)}`,
    sizeBytes: 7_049_000,
    comment: '',
  },
  { id: undefined, createdAt: undefined, createdBy: '', sizeBytes: 1, comment: '' },
];
const engine = { imageHistory: () => Promise.resolve(LINES) };
const history = (...flags: string[]): Promise<Outcome> =>
  runCli(['history', ...flags, 'alpine'], engine);

describe('history', () => {
  it('prints the steps as Docker does', async () => {
    const cut = `RUN ${'x'.repeat(40)}…`;
    expect((await history()).stdout).toBe(
      [
        'IMAGE          CREATED       CREATED BY                                      SIZE      COMMENT',
        'abababababab   3 days ago    CMD ["/bin/sh"]                                 0B        buildkit',
        `<missing>      3 weeks ago   ${cut}   7.05MB`,
        '<missing>      N/A                                                           1B',
        '',
      ].join('\n'),
    );
  });

  it('cuts nothing with --no-trunc', async () => {
    const { stdout } = await history('--no-trunc');
    expect(stdout).toContain(`${ID} `);
    expect(stdout).toContain(`RUN ${'x'.repeat(60)} `);
  });

  it('prints ids alone with -q', async () => {
    expect((await history('-q')).stdout).toBe('abababababab\n<missing>\n<missing>\n');
  });

  it('prints bytes and dates with --human=false', async () => {
    const { stdout } = await history(
      '--human=false',
      '--format',
      '{{.CreatedSince}} {{.CreatedAt}} {{.Size}}',
    );
    expect(stdout.split('\n')[1]).toBe('2026-11-03T12:00:00Z 2026-11-03T12:00:00Z 7049000');
  });

  it('prints an object a line with --format json', async () => {
    const [first = ''] = (await history('--format', 'json')).stdout.split('\n');
    expect(JSON.parse(first)).toEqual({
      ID: 'abababababab',
      CreatedAt: '2026-11-21T12:00:00Z',
      CreatedSince: '3 days ago',
      CreatedBy: 'CMD ["/bin/sh"]',
      Size: '0B',
      Comment: 'buildkit',
    });
  });
});
