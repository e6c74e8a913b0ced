import type { OutputStream } from '../../process/context.js';

/** Erases from the cursor to the end of its line, and to the end of the screen. */
const ERASE_LINE = '\x1b[K';
const ERASE_BELOW = '\x1b[J';

/**
 * A few lines at the bottom of a terminal that change in place. The cursor rests below them, so that
 * whatever ends the program leaves the screen in order. Only lines that changed are written, and all of
 * them at once: nothing flickers.
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

  /** Writes a line that stays, above those that change. */
  above(text: string): void {
    this.#resized();
    this.stream.write(`${this.#clear()}${text}\n${joined(this.#shown)}`);
  }

  /** Lets the lines stand as they are; what is shown next comes below them. */
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
      // What is typed meanwhile is echoed where the cursor rests: ^C moves it two columns on.
      if (output === '') output = '\r';
      output += `${moved(row, i)}${line}${ERASE_LINE}\n`;
      row = i + 1;
    }
    return output + moved(row, lines.length);
  }

  /**
   * Back to the first line's beginning, with nothing below. Terminals that became narrower break lines
   * each in its own way, and some cut them: one row a line is never too many, so what stands above the
   * lines is safe, and at worst a piece of an old line stays.
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
