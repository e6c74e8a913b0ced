import { readdirSync, readlinkSync } from 'node:fs';
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../src/deferred.js';
import { type ReadLogOptions, readOutputLog } from '../../src/logs/output-log.js';

let directory: string;
let log: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-log-'));
  log = join(directory, 'output.log');
});
afterEach(() => rm(directory, { recursive: true }));

describe('readOutputLog', () => {
  it('gives the records in order, with stream and time, byte-exact', async () => {
    await writeFile(log, [record('out\0', 1, 5n), record('', 1, 6n), record('err\n', 2, 7n)]);
    const records = await all(readOutputLog(directory));
    expect(records.map(({ stream, timeNs, data }) => [stream, timeNs, data.toString()])).toEqual([
      ['stdout', 5n, 'out\0'],
      ['stdout', 6n, ''],
      ['stderr', 7n, 'err\n'],
    ]);
  });

  it('is empty where there is no log yet', async () => {
    expect(await read()).toEqual([]);
  });

  it('passes a torn record at the end over, wherever it is torn', async () => {
    const whole = Buffer.concat([record('first'), record('second')]);
    for (let length = record('first').length; length < whole.length; length += 1) {
      await writeFile(log, whole.subarray(0, length));
      expect(await read(), `${length} bytes`).toEqual(['1 first']);
    }
  });

  it('refuses a log whose bytes are no records', async () => {
    await writeFile(log, [record('fine'), Buffer.alloc(16, 0xff)]);
    await expect(read()).rejects.toMatchObject({
      code: 'protocol',
      message: `the output log ${log} is damaged at byte 20`,
    });
  });

  it('reads records larger than one read', async () => {
    const large = 'x'.repeat(1_000_000);
    await writeFile(log, [record('a'), record(large), record('b')]);
    expect(await read()).toEqual(['1 a', `1 ${large}`, '1 b']);
  });

  it('reads many records over many reads', async () => {
    await writeFile(
      log,
      Array.from({ length: 50_000 }, (_, n) => record(`line ${n}\n`, 1 + (n % 2))),
    );
    const records = await read();
    expect(records).toHaveLength(50_000);
    expect(records.at(-1)).toBe('2 line 49999\n');
  });

  it('leaves out what was written before since and after until', async () => {
    await writeFile(log, [record('a', 1, 10n), record('b', 1, 20n), record('c', 1, 30n)]);
    expect(await read({ sinceNs: 20n })).toEqual(['1 b', '1 c']);
    expect(await read({ untilNs: 20n })).toEqual(['1 a', '1 b']);
    expect(await read({ sinceNs: 11n, untilNs: 29n })).toEqual(['1 b']);
  });
});

describe('tail', () => {
  const cases: [string, Buffer[], number, string[]][] = [
    ['whole lines', [record('a\nb\nc\n')], 2, ['1 b\nc\n']],
    ['an unfinished line', [record('a\nb\nc')], 2, ['1 b\nc']],
    ['nothing', [record('a\n')], 0, []],
    ['more than there is', [record('a\n'), record('b\n', 2)], 9, ['1 a\n', '2 b\n']],
    [
      'a line that was written in pieces',
      [record('a\nb'), record('b'), record('b\n')],
      1,
      ['1 b', '1 b', '1 b\n'],
    ],
    [
      'lines of both streams',
      [record('o1\n'), record('e1\n', 2), record('o2\n')],
      2,
      ['2 e1\n', '1 o2\n'],
    ],
    [
      'a line around which the other stream wrote',
      [record('o1\no'), record('e1\n', 2), record('2\n')],
      1,
      ['1 o', '1 2\n'],
    ],
    ['empty lines', [record('a\n\n\n')], 2, ['1 \n\n']],
    ['an empty log', [], 5, []],
    [
      'the stream written to last',
      [record('o', 1), record('e', 2), record('o', 1)],
      1,
      ['1 o', '1 o'],
    ],
  ];
  it.each(cases)('gives %s', async (_what, records, tail, expected) => {
    await writeFile(log, records);
    expect(await read({ tail })).toEqual(expected);
  });

  it('finds the last lines of a large log', async () => {
    const block = record('0123456789\n'.repeat(5_000));
    await writeFile(log, [...Array.from({ length: 200 }, () => block), record('end\n', 2)]);
    expect(await read({ tail: 3 })).toEqual(['1 0123456789\n0123456789\n', '2 end\n']);
  });
});

describe('follow', () => {
  it('gives what is written until the box has ended, and nothing twice', async () => {
    await writeFile(log, record('before'));
    const ended = new Deferred<undefined>();
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory, { follow: ended.promise })) {
      seen.push(data.toString());
      if (seen.length < 20) await appendFile(log, record(`n${seen.length}`));
      else ended.resolve(undefined);
    }
    expect(seen).toEqual(['before', ...Array.from({ length: 19 }, (_, n) => `n${n + 1}`)]);
  });

  it('waits for a log that is not there yet', async () => {
    const ended = new Deferred<undefined>();
    const reading = read({ follow: ended.promise });
    await writeFile(log, record('late'));
    ended.resolve(undefined);
    expect(await reading).toEqual(['1 late']);
  });

  it('ends with the box when there never was a log', async () => {
    expect(await read({ follow: Promise.resolve() })).toEqual([]);
  });

  it('gives a record that was torn once it is whole', async () => {
    const [whole, ended] = [record('whole'), new Deferred<undefined>()];
    await writeFile(log, [record('first'), whole.subarray(0, 18)]);
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory, { follow: ended.promise })) {
      seen.push(data.toString());
      if (seen.length === 1) await appendFile(log, whole.subarray(18));
      else ended.resolve(undefined);
    }
    expect(seen).toEqual(['first', 'whole']);
  });

  it('reads the rest when the box ended while it was reading', async () => {
    await writeFile(log, [record('a'), record('b')]);
    const failed = Promise.reject(new Error('the connection was lost'));
    expect(await read({ follow: failed, tail: 1 })).toEqual(['1 a', '1 b']);
  });

  it('begins with the last lines and goes on from there', async () => {
    await writeFile(log, record('a\nb\n'));
    const ended = new Deferred<undefined>();
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory, { follow: ended.promise, tail: 1 })) {
      seen.push(data.toString());
      if (seen.length === 1) await appendFile(log, record('c\n', 2));
      else ended.resolve(undefined);
    }
    expect(seen).toEqual(['b\n', 'c\n']);
  });

  it('ends without an error when it is aborted', async () => {
    await writeFile(log, record('a'));
    const abort = new AbortController();
    const seen: string[] = [];
    const never = new Promise(() => undefined);
    for await (const { data } of readOutputLog(directory, {
      follow: never,
      signal: abort.signal,
    })) {
      seen.push(data.toString());
      abort.abort();
    }
    expect(seen).toEqual(['a']);
  });

  it('ends at the first record later than until', async () => {
    await writeFile(log, [record('a', 1, 1n), record('b', 1, 9n)]);
    const never = new Promise(() => undefined);
    expect(await read({ follow: never, untilNs: 5n })).toEqual(['1 a']);
  });

  it('waits on when the log is cut back to nothing new', async () => {
    await writeFile(log, record('a'));
    const ended = new Deferred<undefined>();
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory, { follow: ended.promise })) {
      seen.push(data.toString());
      await truncate(log, 3);
      ended.resolve(undefined);
    }
    expect(seen).toEqual(['a']);
  });
});

describe('a log of several files', () => {
  const file = (number: number): string => join(directory, `output.${number}.log`);

  it('is read from the oldest to the last, whatever else is in the directory', async () => {
    await writeFile(file(10), record('b'));
    await writeFile(file(9), record('a'));
    await writeFile(file(11), [record('c'), record('torn').subarray(0, 18)]);
    for (const name of ['output.log.1', 'output.01.log', 'output.x.log', 'output.10.log.new'])
      await writeFile(join(directory, name), 'no file of the log');
    expect(await read()).toEqual(['1 a', '1 b', '1 c']);
    expect(await read({ tail: 2 })).toEqual(['1 a', '1 b', '1 c']);
  });

  it('finds the last lines over the border of files, also one that two have a part of', async () => {
    await writeFile(log, record('old\nfirst\nsec'));
    await writeFile(file(1), [record('ond\n'), record('third\n', 2)]);
    expect(await read({ tail: 3 })).toEqual(['1 first\nsec', '1 ond\n', '2 third\n']);
    expect(await read({ tail: 2 })).toEqual(['1 sec', '1 ond\n', '2 third\n']);
    expect(await read({ tail: 1 })).toEqual(['2 third\n']);
    expect(await read({ tail: 0 })).toEqual([]);
  });

  it('ends where it ended when the reading began', async () => {
    await writeFile(log, [record('a'), record('b')]);
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory)) {
      seen.push(data.toString());
      await appendFile(log, record('later'));
      await writeFile(file(1), record('later still'));
    }
    expect(seen).toEqual(['a', 'b']);
  });

  it('whose oldest files go while it is read is read on from what is left', async () => {
    for (const number of [1, 2, 3, 4]) await writeFile(file(number), record(`${number}`));
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory)) {
      seen.push(data.toString());
      await Promise.all([1, 2, 3].map((number) => rm(file(number), { force: true })));
    }
    expect(seen).toEqual(['1', '4']);
  });

  it('is followed to the end of each file, of which a slow reader may miss some', async () => {
    await writeFile(log, record('0'));
    const ended = new Deferred<undefined>();
    const seen: string[] = [];
    for await (const { data } of readOutputLog(directory, { follow: ended.promise })) {
      seen.push(data.toString());
      if (data.toString() === '0') {
        // All this while the reader sleeps; the first file goes, but he has it open.
        await appendFile(log, record('0 again'));
        for (const number of [1, 2, 3, 4]) await writeFile(file(number), record(`${number}`));
        for (const path of [log, file(1), file(2)]) await rm(path);
      }
      if (data.toString() === '4') ended.resolve(undefined);
    }
    expect(seen).toEqual(['0', '0 again', '3', '4']);
  });

  it('that a follower waits for is found when its first file has gone already', async () => {
    const ended = new Deferred<undefined>();
    const reading = read({ follow: ended.promise });
    await writeFile(file(7), record('a'));
    await writeFile(file(8), record('b'));
    ended.resolve(undefined);
    expect(await reading).toEqual(['1 a', '1 b']);
  });

  it('leaves no file open behind', async () => {
    const ended = new Deferred<undefined>();
    const reading = readOutputLog(directory, { follow: ended.promise });
    for (let number = 1; number < 50; number += 1) await writeFile(file(number), record('x'));
    for (let number = 1; number < 50; number += 1) await reading.next();
    const open = readdirSync('/proc/self/fd').flatMap((fd) => linkOf(`/proc/self/fd/${fd}`));
    expect(open.filter((path) => path.startsWith(directory))).toEqual([file(49)]);
    ended.resolve(undefined);
    expect(await reading.next()).toEqual({ done: true, value: undefined });
  });
});

function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return []; // that of the listing itself
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function read(options: ReadLogOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { stream, data } of readOutputLog(directory, options))
    lines.push(`${stream === 'stdout' ? 1 : 2} ${data.toString()}`);
  return lines;
}

/** A record as the shim writes it. */
function record(text: string, stream = 1, timeNs = 0n): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(16);
  header.writeBigUInt64LE(timeNs, 0);
  header.writeUInt8(stream, 8);
  header.writeUInt32LE(data.length, 12);
  return Buffer.concat([header, data]);
}
