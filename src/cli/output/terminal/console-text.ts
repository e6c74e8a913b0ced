import { asLines } from '../../../terminal-text.js';

/**
 * Returns a guest's console as text that a terminal shows without obeying its escapes. The console's line
 * ends (`\r\n`) become a terminal's; bytes that are not UTF-8 become U+FFFD.
 */
export async function* consoleText(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Only the next character shows whether a \r ends a line.
  let held = '';
  for await (const chunk of chunks) {
    const text = held + decoder.decode(chunk, { stream: true });
    held = text.endsWith('\r') ? '\r' : '';
    yield shown(text.slice(0, text.length - held.length));
  }
  yield shown(held + decoder.decode());
}

const shown = (text: string): string => asLines(text.replaceAll('\r\n', '\n'));
