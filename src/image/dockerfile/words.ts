import type { Escape } from './instruction.js';

/**
 * Splits at white space that is neither quoted nor escaped. Keeps quotes and escapes: expanding the
 * word resolves them (shell-word.ts).
 */
export function splitWords(text: string, escape: Escape): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    word += character;
    if (character === escape && quote !== "'") word += text.charAt(++at);
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
  }
  if (word !== '') words.push(word);
  return words;
}

/**
 * Takes the leading `--flags` off an argument and resolves their quotes and escapes; `--` ends
 * them.
 */
export function takeFlags(text: string, escape: Escape): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const [word = ''] = splitWords(rest, escape);
    rest = rest.slice(word.length).trimStart();
    if (word === '--') break;
    flags.push(unquoted(word, escape));
  }
  return { flags, rest };
}

function unquoted(word: string, escape: Escape): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const character = word.charAt(at);
    if (character === escape && quote !== "'") result += word.charAt(++at);
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else result += character;
  }
  return result;
}
