import { rfc3339Nano } from './timestamp.js';

const NEWLINE = 0x0a;

/** Puts the time before each line of one stream; a line in pieces gets the time of its first piece. */
export class TimePrefixer {
  #atLineStart = true;

  prefix(data: Uint8Array, timeNs: bigint): Buffer {
    const stamp = Buffer.from(`${rfc3339Nano(timeNs)} `);
    const parts: Uint8Array[] = [];
    for (let begin = 0; begin < data.length;) {
      const newline = data.indexOf(NEWLINE, begin);
      const end = newline === -1 ? data.length : newline + 1;
      if (this.#atLineStart) parts.push(stamp);
      parts.push(data.subarray(begin, end));
      this.#atLineStart = newline !== -1;
      begin = end;
    }
    return Buffer.concat(parts);
  }
}
