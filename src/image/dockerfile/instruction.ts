import { takeFlags } from './words.js';

/** One instruction of a Dockerfile, with its words as written. */
export interface Instruction {
  /** Upper case: `ENV`. */
  name: string;
  /** Each flag before the argument: `--interval=5s`. */
  flags: string[];
  argument: string;
  /** The whole instruction on one line, for messages and for ONBUILD. */
  text: string;
  escape: Escape;
}

export type Escape = '\\' | '`';

/**
 * Splits a Dockerfile into its instructions: skips comments and empty lines, joins lines that end
 * in the escape character with the next, and lets `# escape=` at the top choose that character.
 * Here-documents are not supported.
 */
export function parseInstructions(dockerfile: string): Instruction[] {
  const lines = dockerfile.split(/\r?\n/);
  const escape = escapeOf(lines);
  const continued = escape === '`' ? /(^|[^`])`[ \t]*$/ : /(^|[^\\])\\[ \t]*$/;
  const instructions: Instruction[] = [];
  let text = '';
  for (const line of lines) {
    // Inside an instruction too: neither ends it.
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    text += text === '' ? line.trimStart() : line;
    if (continued.test(text)) {
      text = text.replace(continued, '$1');
      continue;
    }
    instructions.push(parseInstruction(text, escape));
    text = '';
  }
  if (text.trim() !== '') instructions.push(parseInstruction(text, escape));
  return instructions;
}

/** @param text one instruction on one line */
export function parseInstruction(text: string, escape: Escape): Instruction {
  const [, name = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.trim()) ?? [];
  const { flags, rest: argument } = takeFlags(rest, escape);
  return { name: name.toUpperCase(), flags, argument: argument.trim(), text: text.trim(), escape };
}

/** Directives are specially formed comments before anything else. */
function escapeOf(lines: readonly string[]): Escape {
  for (const line of lines) {
    const [, key, value] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) break;
    if (key.toLowerCase() === 'escape') return value === '`' ? '`' : '\\';
  }
  return '\\';
}
