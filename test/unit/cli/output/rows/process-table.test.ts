import { expect, test } from 'vitest';
import { parsePsOptions } from '../../../../../src/cli/flags/ps-options.js';
import { processTable } from '../../../../../src/cli/output/rows/process-table.js';
import type { BoxProcess } from '../../../../../src/engine/report/processes.js';

const NOW = new Date(2026, 10, 24, 12, 30);

const process = (fields: Partial<BoxProcess> = {}): BoxProcess => ({
  pid: 1,
  parentPid: 0,
  uid: 0,
  gid: 0,
  processGroup: 1,
  sessionId: 1,
  startedAt: new Date(2026, 10, 24, 9, 5),
  cpuMs: 3_725_000,
  cpuPercent: 7.9,
  virtualBytes: 4_464 * 1024,
  residentBytes: 1_700 * 1024,
  memoryPercent: 0.34,
  terminal: 'pts/0',
  foreground: true,
  state: 'S',
  nice: 0,
  threads: 1,
  processor: 0,
  name: 'sleep',
  command: ['sleep', '600'],
  ...fields,
});

const table = (
  processes: BoxProcess[],
  words: string[] = [],
  output: { isTTY?: boolean; columns?: number } = {},
): Promise<string> => processTable(processes, parsePsOptions(words), NOW, output);

const cells = async (fields: Partial<BoxProcess>, words?: string[]): Promise<string[]> =>
  (await table([process(fields)], words)).trimEnd().split('\n')[1]?.split(/ {3,}/) ?? [];

test('the columns are as wide as docker’s', async () => {
  expect(await table([process()])).toBe(
    'UID                 PID                 PPID                C                   ' +
      'STIME               TTY                 TIME                CMD\n' +
      'root                1                   0                   7                   ' +
      '09:05               pts/0               01:02:05            sleep 600\n',
  );
});

test('times of other days and years, users without a name, no terminal', async () => {
  const old = { startedAt: new Date(2026, 2, 3), uid: 1000, terminal: undefined, cpuPercent: 250 };
  expect((await cells(old)).slice(0, 6)).toEqual(['1000', '1', '0', '99', 'Mar03', '?']);
  expect((await cells({ startedAt: new Date(2024, 0, 1) }))[4]).toBe('2024');
});

test('a command’s escapes stay its own', async () => {
  expect((await cells({ command: ['x\u001b[2J', 'a\nroot 2'] })).at(-1)).toBe('x?[2J a?root 2');
});

test('on a narrow terminal no line is broken', async () => {
  const text = await table([process({ command: ['x'.repeat(90)] })], [], {
    isTTY: true,
    columns: 60,
  });
  for (const line of text.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

test('aux shows memory, shares and states as procps does', async () => {
  expect((await table([process()], ['aux'])).replaceAll(/ +/g, ' ')).toBe(
    'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n' +
      'root 1 7.9 0.3 4464 1700 pts/0 Ss+ 09:05 62:05 sleep 600\n',
  );
});

test.each<[string, Partial<BoxProcess>, string]>([
  ['stat', { nice: 5, threads: 3, sessionId: 7, foreground: false }, 'SNl'],
  ['stat', { nice: -1, state: 'R' }, 'R<s+'],
  ['args', { state: 'Z', command: ['[sh]'] }, '[sh] <defunct>'],
  ['comm', { state: 'Z', name: 'a\u001bb' }, 'a?b <defunct>'],
  ['time', { cpuMs: 2 * 86_400_000 + 3_725_000 }, '2-01:02:05'],
  ['bsdtime', { cpuMs: 59_999 }, '0:59'],
  ['times', { cpuMs: 59_999 }, '59'],
  ['etime', { startedAt: new Date(2026, 10, 24, 12, 28, 57) }, '01:03'],
  ['etime', { startedAt: new Date(2026, 10, 22, 11, 28, 57) }, '2-01:01:03'],
  ['etimes', { startedAt: new Date(2026, 10, 24, 12, 28, 57) }, '63'],
  ['start', { startedAt: new Date(2026, 10, 24, 12, 28, 57) }, '12:28:57'],
  ['start', { startedAt: new Date(2026, 10, 3) }, 'Nov 03'],
  ['bsdstart', { startedAt: new Date(2026, 10, 23, 23, 59) }, '23:59'],
  ['bsdstart', { startedAt: new Date(2025, 10, 3) }, 'Nov03'],
  ['lstart', { startedAt: new Date(2026, 10, 3, 4, 5, 6) }, 'Tue Nov  3 04:05:06 2026'],
  ['stime', { startedAt: new Date(2026, 10, 23, 23, 59) }, 'Nov23'],
  ['pri', { nice: -10 }, '29'],
  ['sz', {}, '1116'],
  ['user', { uid: 33 }, '33'],
  ['egroup', { gid: 0 }, 'root'],
  ['tty', { terminal: undefined }, '?'],
])('%s of %j is %s', async (column, fields, shown) => {
  expect((await cells(fields, ['-o', `pid,${column}`])).at(-1)).toBe(shown);
});

test('the table is sorted by numbers or words, then by the numbers of the processes', async () => {
  const processes = [
    process({ pid: 10, residentBytes: 9 * 1024, name: 'b' }),
    process({ pid: 9, residentBytes: 100 * 1024, name: 'b' }),
    process({ pid: 8, residentBytes: 9 * 1024, name: 'a' }),
  ];
  const order = async (sort: string[]) =>
    (await table(processes, ['-eo', 'pid', ...sort])).trimEnd().split('\n').slice(1).map(Number);
  expect(await order([])).toEqual([8, 9, 10]);
  expect(await order(['--sort=-rss'])).toEqual([9, 8, 10]);
  expect(await order(['--sort', '+rss,-pid'])).toEqual([10, 8, 9]);
  expect(await order(['--sort', '-comm'])).toEqual([9, 10, 8]);
});

test('what stands behind a wide name stays in its column', async () => {
  const layout = parsePsOptions(['-o', 'pid,ucmd,stat']);
  const rows = [process({ name: '日本語' }), process({ pid: 2, name: 'abcdef' })];
  expect(await processTable(rows, layout, NOW, {})).toMatch(/日本語 {14}S.*\n.*abcdef {14}S/);
});
