import { constants } from 'node:os';
import { BoxliteError, type ErrorCode } from '../errors.js';
import { withoutActing } from '../terminal-text.js';
import type { Message } from './codec.js';
import { STAGES } from './protocol.js';

const MAX_MESSAGE_CHARS = 1024;

/** Linux's number; Node does not list it. */
const ESHUTDOWN = 108;

/** The box has ended, or is about to. */
const ENDING: ReadonlySet<number> = new Set([ESHUTDOWN, constants.errno.ESRCH]);

/** The command exists but can't be run: exit status 126. */
const NOT_INVOCABLE: ReadonlySet<number> = new Set([
  constants.errno.EACCES,
  constants.errno.EISDIR,
  constants.errno.ENOEXEC,
  constants.errno.EPERM,
  constants.errno.ENOTDIR,
]);

/**
 * Why a command did not start. The errno decides, never the text, which comes from the guest.
 * @param box its name
 */
export function execFailure(failed: Message<'failed'>, box: string): BoxliteError {
  const stage = stageName(failed.stage);
  if (stage !== 'exec') return bootFailure(failed);
  if (ENDING.has(failed.errno)) return ending(box);
  return new BoxliteError(execCode(failed.errno), failureText(failed, 'the command did not start'));
}

/** Why the guest could not make the box ready. */
export function bootFailure(failed: Message<'failed'>): BoxliteError {
  return new BoxliteError('boot-failed', failureText(failed, 'the box did not start'), {
    stage: stageName(failed.stage),
  });
}

/** Why the shim refused a frame: the box is ending, or has too many sessions. */
export function refusal(refused: Message<'refused'>, box: string): BoxliteError {
  if (ENDING.has(refused.errno)) return ending(box);
  return new BoxliteError('exec-failed', failureText(refused, 'the box took no more commands'));
}

/** The box's supervisor disappeared without a message: it was killed or crashed. */
export function connectionLost(box: string): BoxliteError {
  return new BoxliteError('vmm-failed', `the connection to box ${box} was lost`, {
    hint: 'see what has become of it',
    remedy: { action: 'list-boxes' },
  });
}

const ending = (box: string): BoxliteError =>
  new BoxliteError('box-not-running', `box ${box} is not running`);

/**
 * Makes a guest's text safe for a terminal: a hostile text could move the cursor, change the title or reverse
 * the reading direction.
 */
export function printable(bytes: Buffer): string {
  const text = bytes.subarray(0, 4 * MAX_MESSAGE_CHARS).toString('utf8');
  return withoutActing(text, ' ').replace(/ +/g, ' ').slice(0, MAX_MESSAGE_CHARS).trim();
}

function execCode(errno: number): ErrorCode {
  if (errno === constants.errno.ENOENT) return 'exec-not-found';
  return NOT_INVOCABLE.has(errno) ? 'exec-not-invocable' : 'exec-failed';
}

function failureText(failed: { errno: number; message: Buffer }, fallback: string): string {
  const text = printable(failed.message);
  return text === '' ? `${fallback} (${errnoName(failed.errno)})` : text;
}

function errnoName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `errno ${errno}`;
}

function stageName(stage: number): string {
  const found = Object.entries(STAGES).find(([, number]) => number === stage);
  return found?.[0].toLowerCase() ?? `stage ${stage}`;
}
