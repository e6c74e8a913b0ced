import { closeSync, openSync } from 'node:fs';
import type { Result } from 'execa';
import { BoxliteError, errnoOf, fileError, limitError } from '../errors.js';
import { closeStreamsWhenKilled } from './child-streams.js';
import { installHint, type Tool } from './distribution.js';

export interface ProgramOptions {
  /** Written to its stdin; without it stdin is empty. */
  input?: Uint8Array;
  cwd?: string;
  /** Aborting it kills the program. */
  signal?: AbortSignal | undefined;
  /** Its whole environment; default ours, with messages in English, since we parse some. */
  env?: Readonly<Record<string, string>>;
  /** The program inherits this descriptor as its descriptor 3. */
  descriptor?: number;
  /** Kills a program that runs longer; default no limit. */
  timeoutMs?: number;
  /** The package that provides it, for the hint when it is missing. */
  tool?: Tool;
}

export interface ProgramResult {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/**
 * The largest output that a caller expects is an uncompressed kernel: some 70 MB, several times
 * that with symbols.
 */
const MAX_OUTPUT_BYTES = 2 ** 30;

/**
 * The pipes of stdin, stdout and stderr, and the one by which Node learns whether `exec` succeeded.
 */
const DESCRIPTORS = 8;

/**
 * Runs a host program to its end and returns its exit status and output. Not for anything that
 * every start of a box waits for: loading execa takes longer than most programs run.
 * @throws setup-needed when the program is missing; host-limit; timeout; vmm-failed when a signal
 * killed it
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { input, cwd, env, descriptor, timeoutMs, signal, tool } = options;
  const { execa } = await import('execa');
  checkDescriptors(program);
  const child = execa(program, args, {
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      // Any descriptor can be inherited, but execa's types list only the first ten.
      ...(descriptor === undefined ? [] : [descriptor as 9]),
    ],
    ...(input !== undefined && { input }),
    ...(cwd !== undefined && { cwd }),
    ...(env === undefined ? { env: { LC_ALL: 'C' } } : { env, extendEnv: false }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(signal && { cancelSignal: signal }),
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    encoding: 'buffer',
    stripFinalNewline: false,
    reject: false,
  });
  using _streams = closeStreamsWhenKilled(child, { timeoutMs, signal });
  const result = await child;
  const { exitCode: status, stdout, stderr } = result;
  if (status === undefined || result.isMaxBuffer) throw failure(program, result, tool);
  return { status, stdout: bytesOf(stdout), stderr: bytesOf(stderr).toString() };
}

/**
 * When the process is out of descriptors, Node creates a child without streams. execa does not
 * expect that, and the child's error would end this process.
 * @throws host-limit
 */
function checkDescriptors(program: string): void {
  const taken: number[] = [];
  try {
    while (taken.length < DESCRIPTORS) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    throw limitError(error, `run ${program}`) ?? fileError(error, 'open /dev/null');
  } finally {
    for (const each of taken) closeSync(each);
  }
}

function failure(program: string, result: Result, tool: Tool | undefined): BoxliteError {
  const { cause } = result;
  if (result.isMaxBuffer)
    return new BoxliteError('vmm-failed', `${program} wrote more than ${MAX_OUTPUT_BYTES} bytes`);
  if (result.isCanceled) return new BoxliteError('cancelled', `${program} was ended`, { cause });
  if (result.timedOut) return new BoxliteError('timeout', `${program} did not end in time`);
  if (result.signal !== undefined)
    return new BoxliteError('vmm-failed', `${program} was killed by ${result.signal}`);
  return startError(program, cause, tool);
}

function startError(program: string, error: unknown, tool: Tool | undefined): BoxliteError {
  const short = limitError(error, `run ${program}`);
  if (short !== undefined) return short;
  // EACCES also comes from a directory on PATH that we may not enter.
  if (!['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '')) {
    const reason = error instanceof Error ? error.message : String(error);
    return new BoxliteError('setup-needed', `can't run ${program}: ${reason}`, { cause: error });
  }
  return new BoxliteError('setup-needed', `${program} is not installed`, {
    hint: tool === undefined ? `install ${program}` : installHint(tool),
    cause: error,
  });
}

function bytesOf(output: unknown): Buffer {
  return output instanceof Uint8Array
    ? Buffer.from(output.buffer, output.byteOffset, output.byteLength)
    : Buffer.alloc(0);
}
