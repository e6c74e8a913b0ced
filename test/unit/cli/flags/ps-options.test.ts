import { describe, expect, it } from 'vitest';
import { parsePsOptions } from '../../../../src/cli/flags/ps-options.js';
import { PROCESS_COLUMNS } from '../../../../src/cli/output/rows/process-columns.js';

const headers = (words: readonly string[]): string =>
  parsePsOptions(words)
    .columns.map(({ header }) => header)
    .join(' ');

const FULL = 'UID PID PPID C STIME TTY TIME CMD';
const EXTRA_FULL = 'UID PID PPID C SZ RSS PSR STIME TTY TIME CMD';
const BY_USER = 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND';
const BSD = 'PID TTY STAT TIME COMMAND';
const SHORT = 'PID TTY TIME CMD';

describe('the words of ps', () => {
  it.each([
    [[], FULL],
    [['-ef'], FULL],
    [['-Af'], FULL],
    [['-f', '-e'], FULL],
    [['-efww'], FULL],
    [['-eF'], EXTRA_FULL],
    [['-Ff'], EXTRA_FULL],
    [['-e'], SHORT],
    [['-A'], SHORT],
    [['aux'], BY_USER],
    [['-aux'], BY_USER],
    [['auxww'], BY_USER],
    [['ax'], BSD],
    [['axu'], BY_USER],
    [['-o', 'pid'], 'PID'],
    [['-opid,user'], 'PID USER'],
    [['-eo', 'pid user'], 'PID USER'],
    [['axo', 'pid,cmd'], 'PID CMD'],
    [['ax', '-o', 'pid,args'], 'PID COMMAND'],
    [['-o', 'pid', '-o', 'user=WHO, whoever', '-o', 'comm='], 'PID WHO, whoever '],
    [['--format=pid,c', '--sort', 'c'], 'PID C'],
    [['-e', '--format', 'pid'], 'PID'],
  ])('%j shows %s', (words, expected) => {
    expect(headers(words)).toBe(expected);
  });

  it.each([
    [['-o', 'pid,usr'], 'unknown user-defined format specifier "usr"', 'did you mean user?'],
    [['-o', 'pid,'], 'unknown user-defined format specifier ""', 'known are pid, ppid'],
    [['--sort', 'toString'], 'unknown user-defined format specifier "toString"', 'known are'],
    [['-o'], 'ps option -o needs an argument', 'columns are pid'],
    [['--sort'], 'ps option --sort needs an argument', 'columns are pid'],
    [['-o', 'user'], "Couldn't find PID field in ps output", 'name pid'],
    [['-o', 'pid=NUMBER'], "Couldn't find PID field in ps output", 'name pid'],
    [['-f', '-o', 'pid'], 'conflicting format options', '-o COLUMN'],
    [['auxo', 'pid'], 'conflicting format options', '-o COLUMN'],
    [['-eL'], 'ps option -L is not supported', 'top knows aux'],
    [['-u', 'root'], 'ps option -u is not supported', 'top knows aux'],
    [['-a'], 'ps option -a is not supported', 'top knows aux'],
    [['auxf'], 'ps option auxf is not supported', 'top knows aux'],
    [['--forest'], 'ps option --forest is not supported', 'top knows aux'],
    [['1'], 'ps option 1 is not supported', 'top knows aux'],
  ])('%j is refused', (words, message, hint) => {
    expect(() => parsePsOptions(words)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining(hint) as string,
      }),
    );
  });
});

it('every column can be named', () => {
  for (const [name, { header }] of Object.entries(PROCESS_COLUMNS))
    expect(headers(['-o', `pid,${name}`])).toBe(`PID ${header}`);
});
