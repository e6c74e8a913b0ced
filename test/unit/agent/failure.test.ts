import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { bootFailure, execFailure, printable, refusal } from '../../../src/agent/failure.js';
import { STAGES } from '../../../src/agent/protocol.js';

const { errno } = constants;

describe('execFailure', () => {
  it.each([
    ['ENOENT', 'exec-not-found'],
    ['EACCES', 'exec-not-invocable'],
    ['EISDIR', 'exec-not-invocable'],
    ['ENOEXEC', 'exec-not-invocable'],
    ['EPERM', 'exec-not-invocable'],
    ['ENOTDIR', 'exec-not-invocable'],
    ['EINVAL', 'exec-failed'],
    ['ENOMEM', 'exec-failed'],
  ] as const)('takes %s for %s, whatever the text says', (name, code) => {
    const message = Buffer.from('exec: "x": executable file not found in $PATH');
    const error = execFailure({ errno: errno[name], stage: STAGES.EXEC, message }, 'ant');
    expect(error.code).toBe(code);
    expect(error.message).toBe(message.toString());
  });

  it('is a failed boot when an earlier stage failed', () => {
    const message = Buffer.from('mount /dev/vdb: wrong fs type');
    const error = execFailure({ errno: errno.ENOENT, stage: STAGES.DISKS, message }, 'ant');
    expect(error).toMatchObject({ code: 'boot-failed', stage: 'disks' });
  });

  it('names the errno when the guest says nothing', () => {
    const failed = { errno: errno.EINVAL, stage: STAGES.EXEC, message: Buffer.alloc(0) };
    expect(execFailure(failed, 'ant').message).toBe('the command did not start (EINVAL)');
    expect(execFailure({ ...failed, errno: 40_000 }, 'ant').message).toContain('errno 40000');
  });
});

describe('bootFailure', () => {
  it('gives a stage nobody knows by its number', () => {
    const error = bootFailure({ errno: 5, stage: 99, message: Buffer.from('odd') });
    expect(error).toMatchObject({ code: 'boot-failed', stage: 'stage 99', message: 'odd' });
  });
});

describe('refusal', () => {
  it('tells a crowded box from one that is ending', () => {
    const message = Buffer.from('no');
    expect(refusal({ errno: errno.EMFILE, message }, 'ant').code).toBe('exec-failed');
    const ending = { code: 'box-not-running', message: 'box ant is not running' };
    expect(refusal({ errno: 108, message }, 'ant')).toMatchObject(ending); // ESHUTDOWN
    const failed = { errno: errno.ESRCH, stage: STAGES.EXEC, message };
    expect(execFailure(failed, 'ant')).toMatchObject(ending);
  });
});

describe('printable', () => {
  const attacks: [string, string, string][] = [
    ['escape sequences that clear the screen', 'a\u001b[2Jb', 'a [2Jb'],
    ['an operating-system command that sets the title', '\u001b]0;evil\u0007x', ']0;evil x'],
    ['the 8-bit control introducer', 'a\u009b2Jb', 'a 2Jb'],
    ['carriage returns that overwrite the line', 'real\rfake', 'real fake'],
    ['characters that turn the reading direction', 'a\u202egpj.exe', 'a gpj.exe'],
    ['line separators', 'a\u2028b', 'a b'],
  ];
  it.each(attacks)('takes out %s', (_attack, text, safe) => {
    expect(printable(Buffer.from(text))).toBe(safe);
  });

  it('keeps letters of any script', () => {
    expect(printable(Buffer.from('naïve 漢字 🚀'))).toBe('naïve 漢字 🚀');
  });

  it('cuts a text of a megabyte', () => {
    expect(printable(Buffer.alloc(1_000_000, 'x'))).toHaveLength(1024);
  });
});
