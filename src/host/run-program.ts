import { spawn } from 'node:child_process';
import { BoxliteError, errnoOf, limitError } from '../errors.js';
import { checkStreams } from './child-streams.js';
import { installHint, type Tool } from './distribution.js';

export interface ProgramOptions {
  /** Written to its stdin; without it stdin is empty. */
  input?: Uint8Array;
  cwd?: string;
  /** Where it comes from, for the hint when it is missing. */
  tool?: Tool;
}

export interface ProgramResult {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/**
 * Runs a program of the host to its end and returns its exit status and output.
 * Its messages come in English, since some are parsed.
 * @throws setup-needed when the program is not there; host-limit; vmm-failed when it was killed by a signal
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    checkStreams(child, program);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends before it has read everything says why by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    child.on('error', (error) => reject(startError(program, error, options.tool)));
    child.on('close', (status, signal) => {
      const text = Buffer.concat(stderr).toString();
      if (status === null)
        reject(new BoxliteError('vmm-failed', `${program} was killed by ${String(signal)}`));
      else resolve({ status, stdout: Buffer.concat(stdout), stderr: text });
    });
  });
}

function startError(program: string, error: Error, tool: Tool | undefined): BoxliteError {
  const short = limitError(error, `run ${program}`);
  if (short !== undefined) return short;
  // EACCES also comes from a directory on PATH that may not be entered.
  const missing = ['ENOENT', 'EACCES'].includes(errnoOf(error) ?? '');
  const message = missing
    ? `${program} is not installed`
    : `can't run ${program}: ${error.message}`;
  const hint = tool === undefined ? `install ${program}` : installHint(tool);
  return new BoxliteError(
    'setup-needed',
    message,
    missing ? { hint, cause: error } : { cause: error },
  );
}
