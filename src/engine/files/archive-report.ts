import { withoutActing } from '../../terminal-text.js';

/** The report of one end of a copy, line by line (native/archive/command.h). */
export interface ArchiveReport {
  /** One of COPY_EXITS, or 0 for success. */
  exit: number;
  /** What failed: often only the name of a file. */
  message: string;
  /** Bytes of file content; below, the number of files, directories and links. */
  bytes: number;
  entries: number;
}

/** Limit of a report: it needs 21 warnings and a last line, of 256 bytes each. */
export const MOST_SAID_BYTES = 65_536;

const MAX_MESSAGE_CHARS = 1_024;
const MAX_WARNINGS = 32;

/** Collects the report of one end of a copy, up to the limit; a guest may write without end. */
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

/** Parses a report. */
export class ReportReader {
  readonly #said = new SaidText();
  readonly #onWarning: (text: string) => void;

  constructor(onWarning: (text: string) => void) {
    this.#onWarning = onWarning;
  }

  push(chunk: Buffer): void {
    this.#said.push(chunk);
  }

  /** Passes the warnings on, and returns how the process ended. */
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

/** A guest's text goes to a terminal: nothing in it may move the cursor or set the title. */
export function printable(text: string): string {
  return withoutActing(text.slice(0, MAX_MESSAGE_CHARS), '?');
}

function totals(line: string): Partial<ArchiveReport> {
  const [, bytes, entries] = /^=(\d{1,16}) (\d{1,16})$/.exec(line)?.map(Number) ?? [];
  return Number.isSafeInteger(bytes) && Number.isSafeInteger(entries) ? { bytes, entries } : {};
}
