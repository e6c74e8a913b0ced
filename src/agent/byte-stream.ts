import { Readable } from 'node:stream';
import { type LineOptions, splitLines } from './lines.js';

/** A stream of bytes, as a command wrote them, that can be read as lines of text instead. */
export class ByteStream extends Readable {
  /**
   * The lines of UTF-8 text, without their ends (`\n` or `\r\n`); bytes that are not UTF-8 become
   * U+FFFD. What follows the last line end is a line too. To be used instead of any other way of
   * reading. Leaving the loop early destroys the stream; the command goes on.
   *
   * ```ts
   * for await (const line of execution.stdout.lines()) console.log(line);
   * ```
   */
  lines(options: LineOptions = {}): AsyncGenerator<string, void, undefined> {
    return splitLines(this, options);
  }
}
