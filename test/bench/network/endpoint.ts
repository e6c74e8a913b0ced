import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

const COMMAND_TIMEOUT_MS = 120_000;

/** What does one side of a measurement: endpoint.c, on the host or as a guest's only program. */
export class Endpoint {
  readonly #lines: Interface;
  readonly #output: string[] = [];

  private constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    if (!child.stdout) throw new Error('no output');
    this.#lines = createInterface({ input: child.stdout });
    this.#lines.on('line', (line) => this.#output.push(line));
  }

  /** @throws Error with what it printed when it ends before it is ready */
  static async open(name: string, argv: readonly string[]): Promise<Endpoint> {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const endpoint = new Endpoint(name, child);
    await endpoint.#until((line) => line === 'ready');
    return endpoint;
  }

  /** What it has printed; its VMM's starter prints first. */
  get output(): readonly string[] {
    return this.#output;
  }

  /** @returns the milliseconds that it took. @throws Error with the command and why it failed */
  async run(command: string): Promise<number> {
    const begin = performance.now();
    this.child.stdin?.write(`${command}\n`);
    const answer = await this.#until((line) => /^(done|failed)/.test(line), command);
    if (answer !== 'done') throw new Error(`${this.name}: ${command}: ${answer}`);
    return performance.now() - begin;
  }

  async #until(wanted: (line: string) => boolean, doing = 'start'): Promise<string> {
    return await new Promise((resolve, reject) => {
      const end = (error?: Error, line = ''): void => {
        clearTimeout(timer);
        this.#lines.off('line', look);
        this.child.off('exit', exited);
        if (error) reject(error);
        else resolve(line);
      };
      const look = (line: string): void => {
        if (wanted(line.trim())) end(undefined, line.trim());
      };
      const exited = (): void =>
        end(new Error(`${this.name} ended: ${this.#output.slice(-5).join('; ')}`));
      const timer = setTimeout(
        () => end(new Error(`${this.name}: no end of: ${doing}`)),
        COMMAND_TIMEOUT_MS,
      );
      this.#lines.on('line', look);
      this.child.once('exit', exited);
    });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
