import type { Escape } from './instruction.js';
import { ShellPattern } from './shell-pattern.js';

export type Variables = ReadonlyMap<string, string>;

/**
 * Resolves the quotes, escapes and variables of one word as a Dockerfile does: `$x`, `${x}`,
 * `${x:-word}`, `${x:+word}`, `${x:?message}` and the same without the colon, `${x#pattern}`,
 * `${x%pattern}`, `${x/pattern/word}`. Unset variables are empty.
 * @throws Error that says what is wrong with the word
 */
export function expandWord(word: string, variables: Variables, escape: Escape = '\\'): string {
  return new ShellWord(word, variables, escape).expand(undefined, false).text;
}

/** Like `expandWord`, but an unquoted value with white space becomes several words. */
export function expandWords(word: string, variables: Variables, escape: Escape = '\\'): string[] {
  return new ShellWord(word, variables, escape).expand(undefined, false).words;
}

const SPECIAL = new Set('@*#?-$!');

/** How deep variables may nest in each other's defaults; each level takes more of the stack. */
const MAX_DEPTH = 100;

/** How much the variables of one word may expand to; Linux accepts at most 128 KiB per variable. */
const MAX_EXPANDED = 2 ** 20;

class ShellWord {
  readonly #characters: string[];
  #at = 0;
  #depth = 0;
  #expanded = 0;

  constructor(
    word: string,
    private readonly variables: Variables,
    private readonly escape: Escape,
  ) {
    this.#characters = Array.from(word);
  }

  /**
   * @param end where to stop; undefined for the end of the word
   * @param raw keeps escapes, for a pattern
   */
  expand(end: string | undefined, raw: boolean): Expanded {
    const result = new Expanded();
    for (let character = this.#next(); character !== undefined; character = this.#next()) {
      if (character === end) return result;
      if (character === "'") result.addQuoted(this.#singleQuoted());
      else if (character === '"') result.addQuoted(this.#doubleQuoted(raw));
      else if (character === '$') result.addValue(this.#variable());
      else if (character === this.escape) {
        if (raw) result.addQuoted(character);
        const escaped = this.#next();
        if (escaped !== undefined) result.addQuoted(escaped);
      } else result.addValue(character);
    }
    if (end !== undefined) throw new Error(`a ${end} is missing`);
    return result;
  }

  #singleQuoted(): string {
    let result = '';
    for (let character = this.#next(); character !== "'"; character = this.#next()) {
      if (character === undefined) throw new Error("a ' is not closed");
      result += character;
    }
    return result;
  }

  #doubleQuoted(raw: boolean): string {
    let result = '';
    for (let character = this.#next(); character !== '"'; character = this.#next()) {
      if (character === undefined) throw new Error('a " is not closed');
      if (character === '$') result += this.#variable();
      else if (character !== this.escape) result += character;
      else {
        const escaped = this.#peek();
        const special = escaped === '"' || escaped === '$' || escaped === this.escape;
        // Before any other character it is literal.
        if (raw || (!special && escaped !== undefined)) result += character;
        if (special) result += this.#next() ?? '';
      }
    }
    return result;
  }

  /** Variables that each contain the other twice would double with every instruction. */
  #variable(): string {
    const value = this.#value();
    this.#expanded += value.length;
    if (this.#expanded > MAX_EXPANDED)
      throw new Error(`its variables expand to more than ${MAX_EXPANDED} characters`);
    return value;
  }

  /** The value of what follows a `$`. */
  #value(): string {
    if (this.#peek() === '{') {
      this.#next();
      if (++this.#depth > MAX_DEPTH)
        throw new Error(`variables stand in each other over ${MAX_DEPTH} deep`);
      const value = this.#braced();
      this.#depth -= 1;
      return value;
    }
    const name = this.#name();
    return name === '' ? '$' : (this.variables.get(name) ?? '');
  }

  #braced(): string {
    const name = this.#name();
    const operator = this.#next();
    if (operator === undefined) throw new Error('a } is missing');
    if (name === '') throw new Error(`\${${operator} names no variable`);
    const value = this.variables.get(name);
    if (operator === '}') return value ?? '';
    if (operator === '/') return this.#replaced(value ?? '');
    const colon = operator === ':';
    const action = colon ? this.#next() : operator;
    if (action === '#' || action === '%') return this.#trimmed(value ?? '', action);
    if (action === undefined || !'-+?'.includes(action))
      throw new Error(`\${${name}${operator}${colon ? (action ?? '') : ''} is not supported`);
    const word = this.expand('}', false).text;
    const isSet = value !== undefined && !(colon && value === '');
    if (action === '+') return isSet ? word : '';
    if (isSet) return value;
    if (action === '-') return word;
    throw new Error(`${name}: ${word || (value === undefined ? 'it is not set' : 'it is empty')}`);
  }

  #trimmed(value: string, action: '#' | '%'): string {
    const longest = this.#peek() === action;
    if (longest) this.#next();
    const pattern = new ShellPattern(this.expand('}', true).text);
    return action === '#'
      ? pattern.withoutPrefix(value, longest)
      : pattern.withoutSuffix(value, longest);
  }

  #replaced(value: string): string {
    const all = this.#peek() === '/';
    if (all) this.#next();
    const pattern = new ShellPattern(this.expand('/', true).text);
    // The replacement keeps its escapes too, as in a Dockerfile's `${x//\\//\\/}`.
    return pattern.replace(value, this.expand('}', true).text, all, MAX_EXPANDED);
  }

  /** Letters, digits and `_`; digits alone; or one of the shell's own parameters, which are never set. */
  #name(): string {
    const first = this.#peek();
    if (first !== undefined && SPECIAL.has(first)) return this.#next() ?? '';
    const allowed = first !== undefined && /\p{Nd}/u.test(first) ? /\p{Nd}/u : /[\p{L}\p{Nd}_]/u;
    let name = '';
    for (let next = this.#peek(); next !== undefined && allowed.test(next); next = this.#peek()) {
      name += next;
      this.#next();
    }
    return name;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }
}

/** A text and the words into which it splits. */
class Expanded {
  text = '';
  readonly #words: string[] = [];
  #word = '';

  get words(): string[] {
    return this.#word === '' ? this.#words : [...this.#words, this.#word];
  }

  addQuoted(text: string): void {
    this.text += text;
    this.#word += text;
  }

  addValue(value: string): void {
    this.text += value;
    for (const character of value) {
      if (!/\s/.test(character)) this.#word += character;
      else if (this.#word !== '') {
        this.#words.push(this.#word);
        this.#word = '';
      }
    }
  }
}
