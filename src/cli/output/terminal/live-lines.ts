import type { OutputStream } from '../../process/context.js';

/** Erase from the cursor to the end of the line, and to the end of the screen. */
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/**
 * A few lines at the bottom of a terminal that change in place. The cursor rests below them, so that the
 * screen is in order however the program ends. Only changed lines are written, all at once, to avoid flicker.
 */
export class LiveLines {
  #shown: readonly string[] = [];
  #columns: number;

  constructor(private readonly stream: OutputStream) {
    this.#columns = widthOf(stream);
  }

  /** @param lines each shorter than the terminal is wide */
  show(lines: readonly string[]): void {
    const output = this.#resized() ? this.#clear() + joined(lines) : this.#changes(lines);
    this.#shown = lines;
    if (output !== '') this.stream.write(output);
  }

  /** Writes a permanent line above those that change. */
  above(text: string): void {
    this.#resized();
    this.stream.write(`${this.#clear()}${text}\n${joined(this.#shown)}`);
  }

  /** Leaves the lines on the screen; later lines appear below them. */
  leave(): void {
    this.#shown = [];
  }

  #changes(lines: readonly string[]): string {
    const before = this.#shown;
    if (lines.length < before.length) return this.#clear() + joined(lines);
    let output = '';
    let row = before.length;
    for (const [i, line] of lines.entries()) {
      if (line === before[i]) continue;
      // The terminal echoes typed keys where the cursor rests: ^C moves it two columns.
      if (output === '') output = '\r';
      output += `${moved(row, i)}${line}${ERASE_LINE}\n`;
      row = i + 1;
    }
    return output + moved(row, lines.length);
  }

  /**
   * Returns to the start of the first line and erases everything below. A terminal that became narrower wraps
   * the lines in its own way, or cuts them. We assume one row per line, which is never too many: text above
   * the lines is safe, and at worst a piece of an old line remains.
   */
  #clear(): string {
    return this.#shown.length === 0 ? '' : `${moved(this.#shown.length, 0)}\r${ERASE_BELOW}`;
  }

  #resized(): boolean {
    const columns = widthOf(this.stream);
    const changed = columns !== this.#columns;
    this.#columns = columns;
    return changed;
  }
}

const DEFAULT_COLUMNS = 80;

export function widthOf({ columns }: OutputStream): number {
  return columns === undefined || columns === 0 ? DEFAULT_COLUMNS : columns;
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

function moved(from: number, to: number): string {
  if (from === to) return '';
  return from > to ? `\x1b[${from - to}A` : `\x1b[${to - from}B`;
}
