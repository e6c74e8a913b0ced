import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { longBytes, sha256 } from '../helpers/bytes.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const BULK_BYTES = 200 * 1_048_576;

describe('much at once', () => {
  it('eight runs on one home all succeed', { timeout: 180_000 }, async () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
    const outputs = await Promise.all(
      numbers.map((n) =>
        home.ok(['run', '--rm', 'busybox', 'echo', `${n}`], { timeoutMs: 150_000 }),
      ),
    );
    expect(outputs).toEqual(numbers.map(String));
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  it('200 MB of output arrive byte-exact', { timeout: 600_000 }, async () => {
    const script = `yes 0123456789abcde | head -c ${BULK_BYTES}`;
    const cli = home.start(['run', '--rm', 'busybox', 'sh', '-c', script], { timeoutMs: 500_000 });
    const { status, stdout } = await cli.result;
    expect([status, stdout.length]).toEqual([0, BULK_BYTES]);
    const expected = createHash('sha256');
    const block = Buffer.alloc(1_048_576, '0123456789abcde\n');
    for (let n = 0; n < 200; n += 1) expected.update(block);
    expect(sha256(stdout)).toBe(expected.digest('hex'));
  });

  it('200 MB of input arrive byte-exact', { timeout: 600_000 }, async () => {
    const bytes = longBytes(BULK_BYTES);
    const { status, stdout } = await home.boxlite(['run', '--rm', '-i', 'busybox', 'sha256sum'], {
      input: bytes,
      timeoutMs: 500_000,
    });
    expect([status, stdout.toString()]).toEqual([0, `${sha256(bytes)}  -\n`]);
  });

  it(
    'three hundred execs leak neither processes nor descriptors',
    { timeout: 600_000 },
    async () => {
      await home.ok(['run', '-d', '--name', 'many', 'busybox', 'sleep', '6000']);
      const count = async (): Promise<string> =>
        // Counts within the shell, because the ends of a pipeline do not all exist at the same moment.
        home.ok(['exec', 'many', 'sh', '-c', 'set -- /proc/[0-9]*; echo $#']);
      await home.ok(['exec', 'many', 'true']);
      const [processes, descriptors] = [await count(), await shimDescriptors('many')];
      for (let round = 0; round < 30; round += 1)
        await Promise.all(
          Array.from({ length: 10 }, () =>
            home.ok(['exec', 'many', 'true'], { timeoutMs: 120_000 }),
          ),
        );
      expect(await count()).toBe(processes);
      // The shim notices a client's end only after it.
      await lookUntil(
        () => shimDescriptors('many'),
        (held) => held <= descriptors,
      );
      await home.ok(['rm', '-f', 'many']);
    },
  );
});

/** The number of descriptors that the box's shim has open. */
async function shimDescriptors(name: string): Promise<number> {
  const shims = (await home.processes()).filter(({ command }) => command.includes('boxlite-shim'));
  expect(shims, name).toHaveLength(1);
  return (await readdir(`/proc/${shims[0]?.pid ?? 0}/fd`)).length;
}
