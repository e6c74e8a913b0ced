import type { OutputStream } from '../../agent/exec-session.js';
import { BoxliteError } from '../../errors.js';
import { BoxCommand, type Duration } from '../spec/box-command.js';
import type { Environment } from '../spec/environment.js';
import type { AbortOptions, ExecOptions } from '../spec/options.js';
import type { ExecResult, Execution } from './execution.js';

/** As in execa: 100 MB. */
const DEFAULT_MAX_BUFFER = 100_000_000;

export interface RunOptions extends AbortOptions {
  /** Variables that override the box's own; `undefined` removes one. */
  env?: Environment;
  /**
   * The command's working directory, an absolute path; created if missing. Default: the box's working
   * directory.
   */
  cwd?: string;
  /** NAME|UID[:GROUP|GID], resolved inside the image. Default: the box's user. */
  user?: string;
  /** Content of the command's stdin. Default: /dev/null. */
  input?: string | Uint8Array;
  /**
   * Milliseconds, or an object such as `{ seconds: 30 }`; 0 (default): no limit. See `BoxCommand.timeout`.
   */
  timeout?: Duration;
  /** Bytes that the command may write to stdout, and the same to stderr; default 100,000,000. */
  maxBuffer?: number;
  /** `utf8` (default): output as strings, with U+FFFD for invalid bytes. `buffer`: the raw bytes. */
  encoding?: 'utf8' | 'buffer';
}

/** How a command ended, and its output. */
export interface RunResult<Output extends string | Buffer = string> extends ExecResult {
  /** All that the command wrote to stdout. */
  stdout: Output;
  /** All that the command wrote to stderr. */
  stderr: Output;
}

/**
 * Runs a command to its end and keeps its output.
 * @param exec starts the command
 * @throws output-limit when it writes more than `maxBuffer`; the command is ended then; invalid-argument
 */
export async function runToEnd(
  exec: (command: BoxCommand, options: ExecOptions) => Promise<Execution>,
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult<string | Buffer>> {
  const { input, signal, maxBuffer = DEFAULT_MAX_BUFFER } = options;
  if (Number.isNaN(maxBuffer) || maxBuffer < 0)
    throw new BoxliteError('invalid-argument', `maxBuffer must be at least 0, not ${maxBuffer}`);
  const overflow = new AbortController();
  const signals = [overflow.signal, ...(signal ? [signal] : [])];
  const execution = await exec(commandOf(program, args, options), {
    signal: AbortSignal.any(signals),
  });
  const output: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
  const bytes: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  execution.onOutput((stream, chunk, consumed) => {
    consumed();
    bytes[stream] += chunk.length;
    if (bytes[stream] <= maxBuffer) output[stream].push(chunk);
    else overflow.abort(tooMuch(program, stream, maxBuffer));
  });
  if (input !== undefined) execution.stdin.end(input);
  const result = await execution.wait().catch((error: unknown) => {
    throw overflow.signal.aborted ? overflow.signal.reason : error;
  });
  const read = (stream: OutputStream): string | Buffer => {
    const whole = Buffer.concat(output[stream]);
    return options.encoding === 'buffer' ? whole : whole.toString('utf8');
  };
  return { ...result, stdout: read('stdout'), stderr: read('stderr') };
}

function commandOf(program: string, args: readonly string[], options: RunOptions): BoxCommand {
  const { env = {}, cwd, user, input, timeout = 0 } = options;
  const command = new BoxCommand(program)
    .args(args)
    .env(env)
    .timeout(timeout)
    .stdin(input !== undefined);
  if (cwd !== undefined) command.workingDir(cwd);
  if (user !== undefined) command.user(user);
  return command;
}

function tooMuch(program: string, stream: OutputStream, maxBuffer: number): BoxliteError {
  return new BoxliteError(
    'output-limit',
    `${program} wrote more than ${maxBuffer} bytes to ${stream}, and was ended`,
    { hint: 'raise maxBuffer, or read the output as it comes with exec' },
  );
}
