import { BoxliteError } from '../../errors.js';
import type { CommandContext } from './context.js';
import { Interrupted } from './interrupted.js';

const [CTRL_C, CTRL_D, BACKSPACE, CTRL_U, DELETE, ESCAPE] = [3, 4, 8, 21, 127, 27];
const LINE_ENDS = new Set([10, 13]);

/**
 * Asks a person at a terminal, line by line. The questions go to stderr, since stdout is for data. Input
 * typed early answers the next question.
 */
export class Prompt {
  readonly #context: CommandContext;
  #keys: AsyncIterator<string | Buffer> | undefined;
  #ahead: Buffer = Buffer.alloc(0);

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Leaves echo and editing to the terminal. */
  async ask(question: string): Promise<string> {
    this.#context.stderr.write(question);
    return await this.#line();
  }

  /** Hides the typed text. The terminal is restored on every exit. */
  async askSecret(question: string): Promise<string> {
    const { stdin, stderr } = this.#context;
    const restore = (): void => void stdin.setRawMode?.(false);
    // Before the question, because a person who sees it may type at once.
    stdin.setRawMode?.(true);
    process.on('exit', restore);
    try {
      stderr.write(question);
      return await this.#line();
    } finally {
      process.off('exit', restore);
      restore();
      stderr.write('\n');
    }
  }

  /** Reads a line; in raw mode the terminal does not edit, so keys like backspace arrive as bytes. */
  async #line(): Promise<string> {
    let typed = Buffer.alloc(0);
    for (;;) {
      const chunk = await this.#read();
      for (const [index, byte] of chunk.entries()) {
        if (byte === CTRL_C) throw new Interrupted('SIGINT');
        if (LINE_ENDS.has(byte) || (byte === CTRL_D && typed.length === 0)) {
          this.#ahead = chunk.subarray(index + 1);
          return typed.toString();
        }
        typed = edit(typed, byte);
      }
    }
  }

  async #read(): Promise<Buffer> {
    if (this.#ahead.length > 0) {
      const ahead = this.#ahead;
      this.#ahead = Buffer.alloc(0);
      return ahead;
    }
    this.#keys ??= this.#context.stdin[Symbol.asyncIterator]();
    const next = await this.#keys.next();
    if (next.done !== true) return Buffer.from(next.value);
    throw new BoxliteError('invalid-argument', 'the terminal was closed before an answer');
  }
}

function edit(typed: Buffer, byte: number): Buffer<ArrayBuffer> {
  if (byte === CTRL_U) return Buffer.alloc(0);
  if (byte === BACKSPACE || byte === DELETE) return Buffer.from(withoutLast(typed.toString()));
  if (byte === ESCAPE || byte === CTRL_D || byte === 0) return Buffer.from(typed);
  return Buffer.concat([typed, Buffer.from([byte])]);
}

function withoutLast(text: string): string {
  return Array.from(text).slice(0, -1).join('');
}
