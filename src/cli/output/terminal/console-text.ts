import { asLines } from '../../../terminal-text.js';

/**
 * What a guest's console holds, as text for a terminal, which shows it and does not act on it. The console's
 * line ends (`\r\n`) become a terminal's; bytes that are not UTF-8 become U+FFFD.
 */
export async function* consoleText(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // Whether a \r ends a line is only known when the next character has come.
  let held = '';
  for await (const chunk of chunks) {
    const text = held + decoder.decode(chunk, { stream: true });
    held = text.endsWith('\r') ? '\r' : '';
    yield shown(text.slice(0, text.length - held.length));
  }
  yield shown(held + decoder.decode());
}

const shown = (text: string): string => asLines(text.replaceAll('\r\n', '\n'));
