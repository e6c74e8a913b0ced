import { describe, expect, it } from 'vitest';
import type { PruneOptions } from '../../../../src/engine/images/prune.js';
import { BoxliteError } from '../../../../src/errors.js';
import { fakeWorld, NOW, type Outcome, runCli } from '../fake-world.js';

const ID = `sha256:${'ab'.repeat(32)}`;
const CHAIN = `sha256:${'cd'.repeat(32)}`;
const REMOVALS = [
  { untagged: 'docker.io/library/alpine:3.20' },
  { untagged: `docker.io/library/alpine@${ID}` },
  { deleted: ID },
  { deleted: CHAIN },
];

describe('rmi', () => {
  const forced: boolean[] = [];
  const engine = {
    removeImage: (name: string, { force }: { force: boolean }) => {
      forced.push(force);
      if (name === 'gone')
        return Promise.reject(new BoxliteError('image-not-found', 'No such image: gone'));
      if (name === 'used')
        return Promise.reject(new BoxliteError('image-in-use', 'conflict: used by box web'));
      return Promise.resolve({ removals: REMOVALS, freedBytes: 1 });
    },
  };
  const LINES = `Untagged: alpine:3.20\nUntagged: alpine@${ID}\nDeleted: ${ID}\nDeleted: ${CHAIN}\n`;

  it.each([['rmi'], ['image', 'rm'], ['image', 'remove']])(
    '%s %s prints a line for each',
    async (...verb) => {
      const argv = [...verb.filter((word) => typeof word === 'string'), 'alpine'];
      expect(await runCli(argv, engine)).toEqual({ status: 0, stdout: LINES, stderr: '' });
    },
  );

  it('tries every target, tells all that failed, and ends with 1', async () => {
    expect(await runCli(['rmi', 'gone', 'alpine', 'used'], engine)).toEqual({
      status: 1,
      stdout: LINES,
      stderr: 'boxlite: No such image: gone\nboxlite: conflict: used by box web\n',
    });
  });

  it('with -f takes a missing image for no failure, but a conflict for one', async () => {
    forced.length = 0;
    expect(await runCli(['rmi', '-f', 'gone', 'alpine'], engine)).toEqual({
      status: 0,
      stdout: LINES,
      stderr: 'boxlite: No such image: gone\n',
    });
    expect((await runCli(['rmi', '-f', 'used'], engine)).status).toBe(1);
    expect(forced).toEqual([true, true, true]);
  });
});

describe('image prune', () => {
  let asked: PruneOptions | undefined;
  const engine = {
    pruneImages: (options: PruneOptions) => {
      asked = options;
      return Promise.resolve({ removals: REMOVALS, freedBytes: 7_049_000 });
    },
  };
  const REPORT =
    `Deleted Images:\nuntagged: alpine:3.20\nuntagged: alpine@${ID}\ndeleted: ${ID}\n` +
    `deleted: ${CHAIN}\n\nTotal reclaimed space: 7.05MB\n`;

  function prune(answer: string, ...flags: string[]): Promise<Outcome> {
    asked = undefined;
    const world = fakeWorld();
    world.stdin.end(answer);
    return runCli(['image', 'prune', ...flags], engine, world);
  }

  it.each([
    ['', 'This will remove all dangling images.'],
    ['-a', 'This will remove all images without at least one box associated to them.'],
  ])('%s asks, and goes on after a y', async (flag, warning) => {
    const { status, stdout } = await prune('y\n', ...(flag === '' ? [] : [flag]));
    const question = `WARNING! ${warning}\nAre you sure you want to continue? [y/N] `;
    expect([status, stdout]).toEqual([0, `${question}${REPORT}`]);
    expect(asked?.all).toBe(flag === '-a');
  });

  it.each(['n\n', '\n', 'yes\n', ''])('deletes nothing after the answer %j', async (answer) => {
    const { status, stdout } = await prune(answer);
    expect([status, asked]).toEqual([0, undefined]);
    expect(stdout).toMatch(/\[y\/N\] Total reclaimed space: 0B\n$/);
  });

  it('does not ask with -f, and says so when there was nothing', async () => {
    expect(await prune('', '-f')).toEqual({ status: 0, stdout: REPORT, stderr: '' });
    const nothing = { pruneImages: () => Promise.resolve({ removals: [], freedBytes: 0 }) };
    const { stdout } = await runCli(['image', 'prune', '-f'], nothing);
    expect(stdout).toBe('Total reclaimed space: 0B\n');
  });

  it.each<[string[], boolean]>([
    [['until=24h'], true],
    [['until=72h'], false],
    [['label=keep'], true],
    [['label=keep=no'], false],
    [['label!=keep'], false],
    [['label!=other'], true],
    [['label=keep', 'label=other'], false],
    [['label=keep', 'until=24h'], true],
  ])('with the filters %j takes the image: %s', async (filters, taken) => {
    await prune('', '-f', ...filters.flatMap((each) => ['--filter', each]));
    const image = {
      id: ID,
      createdAt: new Date(NOW.getTime() - 48 * 3_600_000),
      labels: { keep: 'yes' },
    };
    expect(asked?.matches?.(image)).toBe(taken);
  });

  it('takes dangling=false for -a', async () => {
    await prune('', '-f', '--filter', 'dangling=false');
    expect(asked?.all).toBe(true);
  });

  it.each(['until', 'color=red', 'until=soon', 'dangling=maybe'])(
    'refuses the filter %s',
    async (filter) => {
      expect(await prune('y\n', '--filter', filter)).toMatchObject({ status: 1, stdout: '' });
      expect(asked).toBeUndefined();
    },
  );
});
