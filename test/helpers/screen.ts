/**
 * Shows the output as a terminal of this size would. Supports plain text, line breaks, carriage returns, and
 * the sequences that move up and down or erase to the end of line or screen. Anything else fails, since this
 * screen can't show it.
 */
export class Screen {
  #rows: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(private readonly columns: number) {}

  write(text: string): this {
    for (let rest = text; rest !== '';) {
      const sequence = /^\x1b\[(\d*)([ABJK])/.exec(rest);
      if (sequence) this.#control(sequence[2] ?? '', Math.max(1, Number(sequence[1])));
      else this.#put(rest[0] ?? '');
      rest = rest.slice(sequence ? sequence[0].length : 1);
    }
    return this;
  }

  /** Rows without trailing blanks, and without empty rows at the end. */
  get lines(): string[] {
    const rows = this.#rows.map((row) => row.trimEnd());
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** Row and column, from 0. */
  get cursor(): [number, number] {
    return [this.#row, this.#column];
  }

  #put(character: string): void {
    if (character === '\n') {
      this.#down(1, 0);
      return;
    }
    if (character === '\r') {
      this.#column = 0;
      return;
    }
    if (character < ' ') throw new Error(`the screen got ${JSON.stringify(character)}`);
    if (this.#column === this.columns) this.#down(1, 0);
    const row = (this.#rows[this.#row] ?? '').padEnd(this.#column);
    this.#rows[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1);
    this.#column++;
  }

  #control(letter: string, count: number): void {
    if (letter === 'A') this.#row = Math.max(0, this.#row - count);
    if (letter === 'B') this.#down(count, this.#column);
    if (letter === 'K' || letter === 'J')
      this.#rows[this.#row] = (this.#rows[this.#row] ?? '').slice(0, this.#column);
    if (letter === 'J') this.#rows.length = this.#row + 1;
  }

  #down(count: number, column: number): void {
    this.#row += count;
    this.#column = column;
    while (this.#rows.length <= this.#row) this.#rows.push('');
  }
}
