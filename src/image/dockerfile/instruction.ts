import { takeFlags } from './words.js';

/** One instruction of a Dockerfile, its words still as they were written. */
export interface Instruction {
  /** Upper case: `ENV`. */
  name: string;
  /** What stands before the argument: `--interval=5s` each. */
  flags: string[];
  argument: string;
  /** The whole of it on one line, for messages and for ONBUILD. */
  text: string;
  escape: Escape;
}

export type Escape = '\\' | '`';

/**
 * Splits a Dockerfile into its instructions: comments and empty lines are passed over, lines that end in
 * the escape character are joined with the next, and `# escape=` at the top chooses that character.
 * Here-documents are not known.
 */
export function parseInstructions(dockerfile: string): Instruction[] {
  const lines = dockerfile.split(/\r?\n/);
  const escape = escapeOf(lines);
  const continued = escape === '`' ? /(^|[^`])`[ \t]*$/ : /(^|[^\\])\\[ \t]*$/;
  const instructions: Instruction[] = [];
  let text = '';
  for (const line of lines) {
    // Within an instruction as well: neither ends it.
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

/** Directives are comments of a form of their own, before anything else. */
function escapeOf(lines: readonly string[]): Escape {
  for (const line of lines) {
    const [, key, value] = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) break;
    if (key.toLowerCase() === 'escape') return value === '`' ? '`' : '\\';
  }
  return '\\';
}
