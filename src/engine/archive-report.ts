import { withoutActing } from '../terminal-text.js';

/** What an end of a copy says of itself, line by line (native/archive/command.h). */
export interface ArchiveReport {
  /** One of COPY_EXITS, 0 when all went well. */
  exit: number;
  /** What failed: often only the name of a file. */
  message: string;
  /** Bytes of files' content, and how many files, directories and links. */
  bytes: number;
  entries: number;
}

/** More than this a hostile end may write, but nobody reads. */
const MAX_BYTES = 65_536;

/** Takes the text as it comes; a guest may have written it. */
export class ReportReader {
  #text = Buffer.alloc(0);
  readonly #onWarning: (text: string) => void;

  constructor(onWarning: (text: string) => void) {
    this.#onWarning = onWarning;
  }

  push(chunk: Buffer): void {
    const room = MAX_BYTES - this.#text.length;
    this.#text = Buffer.concat([this.#text, chunk.subarray(0, Math.max(room, 0))]);
  }

  /** Passes the warnings on, and tells how it ended. */
  end(exit: number): ArchiveReport {
    const report = { exit, message: '', bytes: 0, entries: 0 };
    for (const line of this.#text.toString().split('\n')) {
      const text = printable(line.slice(1));
      if (line.startsWith('!')) this.#onWarning(text);
      else if (line.startsWith('-')) report.message = text;
      else if (line.startsWith('=')) {
        const [bytes = 0, entries = 0] = text.split(' ').map(Number);
        if (Number.isSafeInteger(bytes) && Number.isSafeInteger(entries))
          Object.assign(report, { bytes, entries });
      }
    }
    return report;
  }
}

/** A guest's words go to a terminal: nothing in them may move its cursor or set its title. */
function printable(text: string): string {
  return withoutActing(text, '?');
}
