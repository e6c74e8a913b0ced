import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';

/** A process that has started, and waits to be told to continue. */
export interface WaitingProcess {
  child: ChildProcess;
  /** Lets it continue; resolves with its answer, one line of JSON. */
  go: () => Promise<unknown>;
}

/** Starts a program that prints `ready`, and answers once it reads `go`. It is killed after the test. */
export async function startWaiting(program: string, args: string[]): Promise<WaitingProcess> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  expect(await nextLine(lines)).toBe('ready');
  return {
    child,
    go: async () => {
      child.stdin.write('go\n');
      return JSON.parse(await nextLine(lines)) as unknown;
    },
  };
}

/** Starts several processes at the same moment and returns their answers. */
export async function race(program: string, argsOfEach: string[][]): Promise<unknown[]> {
  const processes = await Promise.all(argsOfEach.map((args) => startWaiting(program, args)));
  return Promise.all(processes.map(({ go }) => go()));
}

/** The end of the process counts as a line, so that its death gives an answer instead of a time-out. */
async function nextLine(lines: Interface): Promise<string> {
  const end = new AbortController();
  const ended = once(lines, 'close', end).then(() => ['"ended without an answer"']);
  const [line] = (await Promise.race([once(lines, 'line', end), ended])) as [string];
  ended.catch(() => undefined);
  end.abort();
  return line;
}
