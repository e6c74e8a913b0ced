/** Parses the directives of a format by the rules of Go's `(*pp).doPrintf`. */

/** `%[2]*.3d`: flags, width, precision, verb and the argument to print. */
export interface Directive {
  /** Go's complaint about a `*` width or precision that is not a whole number. */
  readonly complaints: string;
  readonly flags: string;
  readonly width: number;
  readonly digits: number | undefined;
  /** Undefined if the format ends before the verb. */
  readonly verb: string | undefined;
  readonly argument: { readonly value: unknown } | 'bad-index' | 'missing';
}

/** Go ignores a larger width, precision or index (fmt's `tooLarge`). */
const WIDEST = 1_000_000;

export class PrintfReader {
  /** The format has used an index, so arguments that nothing prints are not reported as extra. */
  isReordered = false;
  private offset = 0;
  private next = 0;
  private isIndexGood = true;
  /** An index has been read, but neither a `*` nor a verb has used it yet. */
  private isIndexed = false;

  constructor(
    private readonly format: string,
    private readonly args: readonly unknown[],
  ) {}

  get isAtEnd(): boolean {
    return this.offset >= this.format.length;
  }

  get unused(): readonly unknown[] {
    return this.args.slice(this.next);
  }

  /** Reads text up to the next directive. */
  text(): string {
    return this.take(/[^%]*/y);
  }

  /** Reads a directive; the reader must be at a `%`. */
  directive(): Directive {
    this.begin();
    let flags = this.take(/[-+# 0]*/y);
    let complaints = '';

    this.index();
    let width = this.star();
    if (width === undefined) {
      width = this.number();
      if (this.isIndexed && width !== undefined) this.isIndexGood = false;
    } else if (width === 'bad') complaints += '%!(BADWIDTH)';
    else if (width < 0) {
      flags += '-';
      width = -width;
    }

    let digits: number | 'bad' | undefined;
    if (this.take(/\./y) !== '') {
      if (this.isIndexed) this.isIndexGood = false;
      this.index();
      digits = this.star();
      if (digits === undefined) digits = this.number() ?? 0;
      else if (digits === 'bad') complaints += '%!(BADPREC)';
      else if (digits < 0) digits = undefined;
    }

    if (!this.isIndexed) this.index();
    const verb = this.take(/[^]/uy);
    return {
      complaints,
      flags,
      width: typeof width === 'number' ? width : 0,
      digits: typeof digits === 'number' ? digits : undefined,
      verb: verb === '' ? undefined : verb,
      argument: verb === '' || verb === '%' ? 'missing' : this.argument(),
    };
  }

  private begin(): void {
    this.take(/%/y);
    this.isIndexGood = true;
    this.isIndexed = false;
  }

  private argument(): Directive['argument'] {
    if (!this.isIndexGood) return 'bad-index';
    if (this.next >= this.args.length) return 'missing';
    return { value: this.args[this.next++] };
  }

  /** `[2]` makes the second argument the next one. */
  private index(): void {
    if (this.format[this.offset] !== '[') return;
    this.isReordered = true;
    const index = /^\[(\d+)\]$/.exec(this.take(/\[[^\]]*\]/y) || this.take(/\[/y))?.[1];
    this.isIndexed = index !== undefined;
    if (index !== undefined && Number(index) >= 1 && Number(index) <= this.args.length)
      this.next = Number(index) - 1;
    else this.isIndexGood = false;
  }

  /** A `*` stands for the next argument. */
  private star(): number | 'bad' | undefined {
    if (this.take(/\*/y) === '') return undefined;
    this.isIndexed = false;
    const value = this.args[this.next];
    if (this.next < this.args.length) this.next++;
    const isWidth = typeof value === 'number' && Number.isInteger(value);
    return isWidth && Math.abs(value) <= WIDEST ? value : 'bad';
  }

  /** Go stops parsing a format whose number is too large. */
  private number(): number | undefined {
    const text = this.take(/\d+/y);
    if (Number(text) > WIDEST) this.offset = this.format.length;
    return text === '' || Number(text) > WIDEST ? undefined : Number(text);
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.offset;
    const text = pattern.exec(this.format)?.[0] ?? '';
    this.offset += text.length;
    return text;
  }
}
