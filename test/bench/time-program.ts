import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProgramOptions {
  env: NodeJS.ProcessEnv;
  /** Ends the program and all that it has in its process group. */
  signal: AbortSignal;
  timeoutMs?: number;
  /** Looks at the program's memory every few milliseconds, which costs it a little. */
  watchMemory?: boolean;
}

export interface ProgramRun {
  /** From the call that starts the process to its end. */
  wallMs: number;
  stdout: string;
  /** The most memory the program had resident; undefined when nobody watched. */
  peakRssKib: number | undefined;
}

const TIMEOUT_MS = 120_000;

/**
 * Runs a program to its end, which must be a good one.
 * @throws Error with the program's status and stderr; the signal's reason when aborted
 */
export async function timeProgram(
  argv: readonly string[],
  { env, signal, timeoutMs = TIMEOUT_MS, watchMemory = false }: ProgramOptions,
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
  const watch = watchMemory && child.pid !== undefined ? watchPeak(child.pid) : undefined;
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
    return { wallMs, stdout: output.stdout, peakRssKib: watch?.peakKib() };
  } finally {
    watch?.stop();
    clearTimeout(timer);
    signal.removeEventListener('abort', killGroup);
  }
}

const WATCH_EVERY_MS = 20;

/** The kernel keeps the high-water mark, so what is seen last is nearly the end's. */
function watchPeak(pid: number): { peakKib: () => number | undefined; stop: () => void } {
  let peakKib: number | undefined;
  const timer = setInterval(() => {
    try {
      const [, value] =
        /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      if (value !== undefined) peakKib = Number(value);
    } catch {
      // It has just ended.
    }
  }, WATCH_EVERY_MS);
  return { peakKib: () => peakKib, stop: () => clearInterval(timer) };
}
