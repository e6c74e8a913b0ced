import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../src/agent/deferred.js';
import { readOutputLog, type ReadLogOptions } from '../../src/agent/output-log.js';

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
    const records = await all(readOutputLog(log));
    expect(records.map(({ stream, timeNs, data }) => [stream, timeNs, data.toString()])).toEqual([
      ['stdout', 5n, 'out\0'],
      ['stdout', 6n, ''],
      ['stderr', 7n, 'err\n'],
    ]);
  });

  it('is empty where there is no log yet', async () => {
    expect(await read()).toEqual([]);
  });

  it('goes on from where an earlier reading ended', async () => {
    await writeFile(log, [record('one'), record('two')]);
    const [first] = await all(readOutputLog(log));
    expect(await read({ offset: first?.to ?? 0 })).toEqual(['1 two']);
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
      message: 'the output log is damaged at byte 20',
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
    for await (const { data } of readOutputLog(log, { follow: ended.promise })) {
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
    for await (const { data } of readOutputLog(log, { follow: ended.promise })) {
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
    for await (const { data } of readOutputLog(log, { follow: ended.promise, tail: 1 })) {
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
    for await (const { data } of readOutputLog(log, { follow: never, signal: abort.signal })) {
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
    for await (const { data } of readOutputLog(log, { follow: ended.promise })) {
      seen.push(data.toString());
      await truncate(log, 3);
      ended.resolve(undefined);
    }
    expect(seen).toEqual(['a']);
  });
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function read(options: ReadLogOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { stream, data } of readOutputLog(log, options))
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
