import { withoutActing } from '../../terminal-text.js';

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

/** The most that an end of a copy has to say: 21 warnings and its end, of 256 bytes each. */
export const MOST_SAID_BYTES = 65_536;

const MAX_MESSAGE_CHARS = 1_024;
const MAX_WARNINGS = 32;

/** What an end of a copy writes, piece by piece; a guest may write without end. */
export class SaidText {
  readonly #bytes = Buffer.alloc(MOST_SAID_BYTES);
  #used = 0;

  push(chunk: Buffer): void {
    this.#used += chunk.copy(this.#bytes, this.#used);
  }

  get lines(): string[] {
    return this.#bytes.toString('utf8', 0, this.#used).split('\n');
  }
}

/** Reads it. */
export class ReportReader {
  readonly #said = new SaidText();
  readonly #onWarning: (text: string) => void;

  constructor(onWarning: (text: string) => void) {
    this.#onWarning = onWarning;
  }

  push(chunk: Buffer): void {
    this.#said.push(chunk);
  }

  /** Passes the warnings on, and reports how it ended. */
  end(exit: number): ArchiveReport {
    const report = { exit, message: '', bytes: 0, entries: 0 };
    let warnings = 0;
    for (const line of this.#said.lines) {
      const text = printable(line.slice(1));
      if (line.startsWith('!')) {
        warnings += 1;
        if (warnings <= MAX_WARNINGS) this.#onWarning(text);
      } else if (line.startsWith('-')) report.message = text;
      else Object.assign(report, totals(line));
    }
    return report;
  }
}

/** A guest's words go to a terminal: nothing in them may move its cursor or set its title. */
export function printable(text: string): string {
  return withoutActing(text.slice(0, MAX_MESSAGE_CHARS), '?');
}

function totals(line: string): Partial<ArchiveReport> {
  const [, bytes, entries] = /^=(\d{1,16}) (\d{1,16})$/.exec(line)?.map(Number) ?? [];
  return Number.isSafeInteger(bytes) && Number.isSafeInteger(entries) ? { bytes, entries } : {};
}
