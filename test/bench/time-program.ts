import { spawn } from 'node:child_process';

export interface ProgramOptions {
  env: NodeJS.ProcessEnv;
  /** Ends the program and all that it has in its process group. */
  signal: AbortSignal;
  timeoutMs?: number;
}

export interface ProgramRun {
  /** From the call that starts the process to its end. */
  wallMs: number;
  stdout: string;
}

const TIMEOUT_MS = 120_000;

/**
 * Runs a program to its end, which must be a good one.
 * @throws Error with the program's status and stderr; the signal's reason when aborted
 */
export async function timeProgram(
  argv: readonly string[],
  { env, signal, timeoutMs = TIMEOUT_MS }: ProgramOptions,
): Promise<ProgramRun> {
  signal.throwIfAborted();
  const [program = '', ...args] = argv;
  const begin = performance.now();
  // A group of its own: an interrupt from the terminal reaches only us, who clean up in order.
  const child = spawn(program, args, {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killGroup = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(killGroup, timeoutMs);
  signal.addEventListener('abort', killGroup, { once: true });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  try {
    const { status, wallMs } = await new Promise<{ status: string; wallMs: number }>(
      (resolve, reject) => {
        let wallMs = 0;
        child.on('error', reject);
        child.on('exit', () => (wallMs = performance.now() - begin));
        child.on('close', (code, killedBy) => {
          resolve({ status: String(code ?? killedBy), wallMs });
        });
      },
    );
    signal.throwIfAborted();
    if (status !== '0') throw new Error(`${argv.join(' ')} ended with ${status}\n${output.stderr}`);
    return { wallMs, stdout: output.stdout };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', killGroup);
  }
}
