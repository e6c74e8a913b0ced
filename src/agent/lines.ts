export interface LineOptions {
  /** A line longer than this many bytes comes in pieces; default 1 MiB, at least 4 (one character). */
  maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 2 ** 20;
const LONGEST_CHARACTER_BYTES = 4;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits bytes into lines before it decodes them: a character that spans two chunks stays whole, because none
 * of its bytes is a line end. A guest that never ends its line costs at most `maxBytes`.
 */
export async function* splitLines(
  source: AsyncIterable<Buffer>,
  { maxBytes = DEFAULT_MAX_BYTES }: LineOptions = {},
): AsyncGenerator<string, void, undefined> {
  const most = Math.max(LONGEST_CHARACTER_BYTES, maxBytes);
  const held: Buffer[] = [];
  let heldBytes = 0;
  const take = (): Buffer => {
    heldBytes = 0;
    return Buffer.concat(held.splice(0));
  };
  const hold = (bytes: Buffer): void => {
    heldBytes += bytes.length;
    if (bytes.length > 0) held.push(bytes);
  };
  for await (const chunk of source) {
    let rest = chunk;
    for (;;) {
      const newline = rest.indexOf(NEWLINE);
      const end = newline === -1 ? rest.length : newline;
      // The `\r` of a line end is not part of the line.
      const textEnd = end > 0 && rest[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
      const room = Math.max(0, most - heldBytes);
      if (textEnd > room) {
        hold(rest.subarray(0, room));
        rest = rest.subarray(room);
        const piece = take();
        const cut = characterStart(piece.subarray(0, most));
        yield piece.toString('utf8', 0, cut);
        hold(piece.subarray(cut));
      } else if (newline === -1) {
        hold(rest);
        break;
      } else {
        hold(rest.subarray(0, newline));
        rest = rest.subarray(newline + 1);
        yield withoutReturn(take()).toString();
      }
    }
  }
  if (heldBytes > 0) yield take().toString();
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** Where an incomplete last character begins; without one, the number of bytes. */
function characterStart(bytes: Buffer): number {
  for (let back = 1; back < LONGEST_CHARACTER_BYTES && back < bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (length > back) return bytes.length - back;
    if (length > 0) break;
  }
  return bytes.length;
}
