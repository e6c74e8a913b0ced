import { Readable } from 'node:stream';
import { type LineOptions, splitLines } from './lines.js';

/** The bytes that a command wrote, as a stream that can also be read as lines of text. */
export class ByteStream extends Readable {
  /**
   * The lines of UTF-8 text, without their ends (`\n` or `\r\n`); bytes that are not UTF-8 become U+FFFD.
   * What follows the last line end is a line, too. Do not mix it with other ways of reading. Leaving the loop
   * early destroys the stream; the command goes on.
   *
   * ```ts
   * for await (const line of execution.stdout.lines()) console.log(line);
   * ```
   */
  lines(options: LineOptions = {}): AsyncGenerator<string, void, undefined> {
    return splitLines(this, options);
  }
}
