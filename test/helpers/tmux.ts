import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A loaded host is slow, but a screen that does not change for this long never will. */
const DEADLINE_MS = 60_000;

/** A real terminal with a shell, to type keys at and read the screen from. */
export class TmuxTerminal implements AsyncDisposable {
  #changes = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(
    private readonly directory: string,
    private readonly control: ChildProcessWithoutNullStreams,
  ) {
    // Each line reports a change of the terminal, whose state is then queried.
    control.stdout.on('data', () => {
      this.#changes++;
      for (const wake of [...this.#waiting]) wake();
    });
    control.stdin.on('error', () => undefined);
  }

  /** @param environment the shell's complete environment; its prompt is `host$ ` */
  static async open(
    size: { columns: number; rows: number },
    environment: Readonly<Record<string, string>>,
  ): Promise<TmuxTerminal> {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-tmux-'));
    const variables = Object.entries({ ...environment, PS1: 'host$ ' }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const shell = ['env', '-i', ...variables, 'TERM=screen', 'sh', '-i'];
    const server = ['-S', join(directory, 'socket'), '-f', '/dev/null'];
    const window = ['-x', String(size.columns), '-y', String(size.rows)];
    await execute('tmux', [...server, 'new-session', '-d', '-s', 'main', ...window, ...shell]);
    await execute('tmux', [...server, 'set-option', '-g', 'window-size', 'manual']);
    const control = spawn('tmux', [...server, '-C', 'attach-session', '-t', 'main']);
    const terminal = new TmuxTerminal(directory, control);
    await terminal.resize(size);
    await terminal.until(/^host\$/m);
    return terminal;
  }

  /** Keys by tmux's names: `C-c`, `Enter`, `Escape`. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux('send-keys', '-t', 'main', ...keys);
  }

  /** Types text and presses Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux('send-keys', '-t', 'main', '-l', line);
    await this.press('Enter');
  }

  async resize({ columns, rows }: { columns: number; rows: number }): Promise<void> {
    await this.#tmux('resize-window', '-t', 'main', '-x', String(columns), '-y', String(rows));
  }

  /** All rows, without trailing blanks. */
  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-t', 'main', '-p')).trimEnd();
  }

  /** Whether a full-screen program has switched to the alternate screen. */
  async isAlternate(): Promise<boolean> {
    return (await this.#tmux('display-message', '-t', 'main', '-p', '#{alternate_on}')) === '1\n';
  }

  async clear(): Promise<void> {
    await this.#tmux('send-keys', '-t', 'main', '-R');
    await this.#tmux('clear-history', '-t', 'main');
  }

  /** Resolves when the screen matches. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const before = this.#changes;
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (this.#changes !== before) continue;
      if (!(await this.#change(deadline - Date.now())))
        throw new Error(`the screen never showed ${pattern}:\n${screen}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux('kill-server').catch(() => undefined);
    this.control.kill('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  #change(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (changed: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(changed);
      };
      const wake = (): void => end(true);
      const timer = setTimeout(() => end(false), Math.max(withinMs, 0));
      this.#waiting.add(wake);
    });
  }

  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await execute('tmux', ['-S', join(this.directory, 'socket'), ...args]);
    return stdout;
  }
}
