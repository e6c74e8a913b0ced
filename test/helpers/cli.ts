import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface CliOptions {
  /** All of stdin; without it, stdin is at its end from the start. */
  input?: Uint8Array | string;
  /** Added to the minimal environment. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** A command that runs longer is killed, and the test fails with its name. */
  timeoutMs?: number;
}

export interface CliResult {
  /** The exit status, or the signal that ended the process. */
  status: number | NodeJS.Signals;
  stdout: Buffer;
  stderr: string;
}

/** A command that is still running. */
export interface RunningCli {
  child: ChildProcessWithoutNullStreams;
  result: Promise<CliResult>;
  /** Resolves with the match as soon as stdout and stderr together match. */
  output(pattern: RegExp): Promise<RegExpExecArray>;
}

export const BOXLITE = fileURLToPath(new URL('../../bin/boxlite', import.meta.url));

/** Less than a test's limit. A few seconds on an idle host become a minute on a busy one. */
const TIMEOUT_MS = 100_000;

/** Runs a program to its end. Fails only if it does not end; the caller judges the status. */
export function run(
  program: string,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const { child, result } = start(program, args, options);
  child.stdin.end(options.input);
  return result;
}

/** Starts a program whose stdin stays open. */
export function start(
  program: string,
  args: readonly string[],
  { env = {}, cwd, timeoutMs = TIMEOUT_MS }: CliOptions = {},
): RunningCli {
  const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env } });
  const transcript = new Transcript(child);
  const name = [program.split('/').at(-1), ...args].join(' ').slice(0, 300);
  const result = new Promise<CliResult>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const said = `stdout: ${transcript.stdout.toString()}\nstderr: ${transcript.stderr}`;
      reject(new Error(`${name} did not end within ${timeoutMs} ms\n${said}`));
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const { stdout, stderr } = transcript;
      resolve({ status: code ?? signal ?? 'SIGKILL', stdout, stderr });
    });
  });
  // A program may end without reading its stdin.
  child.stdin.on('error', () => undefined);
  result.catch(() => undefined);
  return { child, result, output: (pattern) => transcript.find(pattern, name) };
}

/** A program's output so far. */
class Transcript {
  readonly #chunks: { stream: 'stdout' | 'stderr'; chunk: Buffer }[] = [];
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].on('data', (chunk: Buffer) => {
        this.#chunks.push({ stream, chunk });
        this.#wake();
      });
    child.once('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  get stdout(): Buffer {
    return this.#bytes('stdout');
  }

  get stderr(): string {
    return this.#bytes('stderr').toString();
  }

  find(pattern: RegExp, name: string): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const text = Buffer.concat(this.#chunks.map(({ chunk }) => chunk)).toString();
        const match = pattern.exec(text);
        if (match === null && !this.#ended) return;
        this.#waiting.delete(look);
        if (match === null) reject(new Error(`${name} ended without ${pattern}: ${text}`));
        else resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #bytes(wanted: 'stdout' | 'stderr'): Buffer {
    return Buffer.concat(
      this.#chunks.filter(({ stream }) => stream === wanted).map(({ chunk }) => chunk),
    );
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
