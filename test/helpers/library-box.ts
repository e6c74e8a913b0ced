import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import {
  BoxCommand,
  BoxliteRuntime,
  type CreateOptions,
  type ExecResult,
  type LiteBox,
} from '../../src/index.js';
import type { TestHome } from './test-home.js';

/** A runtime on a test's home, closed with the test. */
export function runtimeOn(home: TestHome): BoxliteRuntime {
  const runtime = new BoxliteRuntime({ homeDir: home.path });
  onTestFinished(() => runtime.close());
  return runtime;
}

/** An idle box of the built-in image, removed with the test. */
export async function idleBox(home: TestHome, options: CreateOptions = {}): Promise<LiteBox> {
  const box = await runtimeOn(home).create(options);
  // Removes the box with a new runtime, since the test may have closed the other.
  onTestFinished(async () => {
    await using runtime = new BoxliteRuntime({ homeDir: home.path });
    if (await runtime.exists(box.id)) await runtime.remove(box.id, true);
  });
  return box;
}

export const shell = (script: string): BoxCommand => new BoxCommand('sh').args(['-c', script]);

/** Runs a script to its end. */
export async function runIn(
  box: LiteBox,
  command: BoxCommand | string,
): Promise<Pick<ExecResult, 'exitCode'> & { stdout: string; stderr: string }> {
  const execution = await box.exec(typeof command === 'string' ? shell(command) : command);
  const [stdout, stderr, { exitCode }] = await Promise.all([
    text(execution.stdout),
    text(execution.stderr),
    execution.wait(),
  ]);
  return { exitCode, stdout, stderr };
}
