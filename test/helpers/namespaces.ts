import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { requests } from './net-peer.js';

type Requests = typeof requests;

interface Answer {
  result?: unknown;
  error?: string;
}

/** Network namespaces of a test's own, each with a process in it that connects and listens. Only root has them. */
export class Namespaces {
  readonly #prefix = `boxlite-${process.pid}-`;
  readonly #names: string[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #servers: ChildProcess[] = [];

  path = (name: string): string => `/run/netns/${this.#prefix}${name}`;

  async add(name: string): Promise<void> {
    await execa('ip', ['netns', 'add', this.#prefix + name]);
    this.#names.push(name);
    await this.ip(name, 'link set lo up');
  }

  /** ip(8) in a namespace; `@name` in its arguments stands for another. */
  async ip(name: string, args: string): Promise<void> {
    const words = args.split(' ').map((word) => word.replace(/^@/, this.#prefix));
    await execa('ip', ['-n', this.#prefix + name, ...words]);
  }

  async run(name: string, ...command: string[]): Promise<string> {
    const { stdout } = await execa('ip', ['netns', 'exec', this.#prefix + name, ...command]);
    return stdout;
  }

  spawn(name: string, ...command: string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#prefix + name, ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a server until `close`, which takes down what does not end with its stdin. */
  serve(name: string, ...command: string[]): void {
    this.#servers.push(this.spawn(name, ...command));
  }

  /** @param program the bundled net-peer */
  peer(name: string, program: string): Peer {
    return new Peer(this.spawn(name, process.execPath, program));
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.kill();
    for (const child of this.#children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    }
    for (const name of this.#names) await execa('ip', ['netns', 'del', this.#prefix + name]);
  }
}

/** What stands for a program in a namespace: net-peer's requests, as calls. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (!child.stdout) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as { id: number } & Answer;
      this.#waiting.get(answer.id)?.(answer);
    });
  }

  async ask<Name extends keyof Requests>(
    name: Name,
    ...args: Parameters<Requests[Name]>
  ): Promise<Awaited<ReturnType<Requests[Name]>>> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin?.write(`${JSON.stringify({ id, name, args })}\n`);
    const { result, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return result as Awaited<ReturnType<Requests[Name]>>;
  }
}
