import { expect, test } from 'vitest';
import {
  identifyProcess,
  isAlive,
  ownIdentity,
  parseStat,
  readStat,
} from '../../../src/host/process-identity.js';

const REST = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20 21';

test.each([
  ['a plain name', `7 (node) S ${REST}`, 987654],
  ['a name with spaces', `7 (tmux: server) S ${REST}`, 987654],
  ['a name forged to look like the fields after it', `7 (x) Z 1 2) R 3) S ${REST}`, 987654],
  ['a name with a line break', `7 (a\n) b) R ${REST}`, 987654],
  ['a zombie', `7 (node) Z ${REST}`, undefined],
  ['a dead process', `7 (node) X ${REST}`, undefined],
  ['an empty file', '', undefined],
  ['too few fields', '7 (node) S 1 2 3', undefined],
])('the start time is read past %s', (_what, stat, expected) => {
  expect(parseStat(stat)?.startTicks).toBe(expected);
});

test('state and parent are read, and whether it is about to end', () => {
  const stat = (flags: number) =>
    `7 (node) T 5 2 3 4 5 ${flags} ${REST.slice('1 2 3 4 5 6 '.length)}`;
  const read = { state: 'T', parentPid: 5, startTicks: 987654 };
  expect(parseStat(stat(0x40_0040))).toEqual({ ...read, exiting: false });
  expect(parseStat(stat(0x40_0044))).toEqual({ ...read, exiting: true });
  expect(readStat(process.pid)?.exiting).toBe(false);
  expect(readStat(process.pid)?.parentPid).toBe(process.ppid);
});

test('this process is alive', () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(identifyProcess(process.pid)).toEqual(ownIdentity());
});

test('a pid used again is another process', () => {
  const own = ownIdentity();
  expect(isAlive({ ...own, startTicks: own.startTicks - 1 })).toBe(false);
});

test('a process of an earlier boot is dead', () => {
  expect(isAlive({ ...ownIdentity(), bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
});

test('a pid that nobody has is dead', () => {
  expect(identifyProcess(2 ** 30)).toBeUndefined();
  expect(isAlive({ ...ownIdentity(), pid: 2 ** 30 })).toBe(false);
});
