import { describe, expect, it } from 'vitest';
import { ps } from './ps-boxes.js';

const names = async (...flags: string[]): Promise<string> =>
  (await ps('--format', '{{.Names}}', ...flags)).stdout.trim().replaceAll('\n', ' ');

describe('ps', () => {
  it.each<[string, string[], string]>([
    ['running boxes alone', [], 'web'],
    ['all with -a', ['-a'], 'web job new odd'],
    ['the last N in any state', ['-n', '2'], 'web job'],
    ['the latest', ['-l'], 'web'],
    ['a part of an id', ['-a', '-f', 'id=01KAZ3V5H8000000000000000C'], 'job'],
    ['a part of a name', ['-a', '-f', 'name=o'], 'job odd'],
    ['a pattern of names', ['-a', '-f', 'name=^o'], 'odd'],
    ['a name with Docker’s slash', ['-a', '-f', 'name=^/web$'], 'web'],
    ['a name without it', ['-a', '-f', 'name=^web$'], 'web'],
    ['nothing by an empty filter', ['-a', '-f', '', '--filter='], 'web job new odd'],
    ['the same key twice = either', ['-a', '-f', 'name=web', '-f', 'name=job'], 'web job'],
    ['different keys = both', ['-a', '-f', 'name=o', '-f', 'exited=137'], 'job'],
    ['a label', ['-a', '-f', 'label=app'], 'web job new'],
    ['a label’s value', ['-a', '-f', 'label=app=a'], 'web new'],
    ['two labels = both', ['-a', '-f', 'label=app=a', '-f', 'label=tier'], 'web'],
    ['an exit code', ['-a', '-f', 'exited=137'], 'job'],
    ['an exit code without -a', ['-f', 'exited=137'], ''],
    ['a status, without -a', ['-f', 'status=exited'], 'job'],
    ['created boxes', ['-f', 'status=created'], 'new'],
    ['an ancestor by short name', ['-a', '-f', 'ancestor=busybox:1'], 'job'],
    ['an ancestor without its tag', ['-a', '-f', 'ancestor=alpine:latest'], 'web new odd'],
    ['an ancestor by id', ['-a', '-f', `ancestor=${'ab'.repeat(6)}`], 'web job new odd'],
    ['an ancestor by another name of it', ['-a', '-f', 'ancestor=other-name'], 'web job new odd'],
    ['nobody’s ancestor', ['-a', '-f', 'ancestor=Not:a/name'], ''],
    ['boxes before another', ['-a', '-f', 'before=job'], 'new odd'],
    ['boxes since another', ['-a', '-f', 'since=job'], 'web'],
    ['boxes since another with a slash', ['-a', '-f', 'since=/job'], 'web'],
    ['a network', ['-a', '-f', 'network=none'], 'new'],
    ['the id of a network', ['-a', '-f', 'network=f0cda4c4f139'], 'new'],
    ['a volume by what it is of the host', ['-a', '-f', 'volume=/srv/data'], 'new'],
    ['a volume by where it is in the box', ['-a', '-f', 'volume=/data'], 'new'],
    ['a volume that none has', ['-a', '-f', 'volume=/srv'], ''],
    ['boxes without a health check', ['-a', '-f', 'health=none'], 'web job new odd'],
  ])('filters: %s', async (_fact, flags, expected) => {
    expect(await names(...flags)).toBe(expected);
  });

  it.each<[string[], string]>([
    [['-f', 'color=red'], "invalid filter 'color'"],
    [
      ['-f', 'name'],
      'invalid argument "name" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ],
    [['-f', '__proto__=x'], "invalid filter '__proto__'"],
    [['-f', 'status=asleep'], "invalid filter 'status=asleep'"],
    [['-f', 'exited=x'], "invalid filter 'exited=x'"],
    [['-f', 'name=('], "invalid filter 'name=('"],
    [['-f', 'before=nobody'], 'No such box: nobody'],
    [['-n', 'x'], 'invalid argument "x" for "-n, --last" flag'],
  ])('%j is refused', async (flags, reason) => {
    const outcome = await ps(...flags);
    expect([outcome.status, outcome.stdout]).toEqual([1, '']);
    expect(outcome.stderr).toContain(reason);
  });
});
