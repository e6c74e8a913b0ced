import { PassThrough } from 'node:stream';
import type { ExecResult, Execution } from '../../../../src/engine/exec/execution.js';
import type { TerminalSize } from '../../../../src/engine/spec/options.js';

/** A command whose every part a test moves by hand. */
export class FakeExecution {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly stderr = new PassThrough();
  readonly signals: string[] = [];
  readonly sizes: TerminalSize[] = [];
  detached = false;
  #end: (result: ExecResult) => void = () => undefined;
  readonly #ended = new Promise<ExecResult>((resolve) => (this.#end = resolve));

  wait(): Promise<ExecResult> {
    return this.#ended;
  }
  signal(signal: string): void {
    this.signals.push(signal);
  }
  resizeTty(size: TerminalSize): void {
    this.sizes.push(size);
  }
  detach(): void {
    this.detached = true;
  }
  /** Ends the command after its last output. */
  exit(exitCode: number): this {
    this.stdout.end();
    this.stderr.end();
    const success = (): boolean => exitCode === 0;
    this.#end({ exitCode, signal: undefined, oomKilled: false, timedOut: false, success });
    return this;
  }
  asExecution(): Execution {
    return this as unknown as Execution;
  }
}
