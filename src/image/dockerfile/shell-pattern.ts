/** What one character of a pattern stands for; `*` any number of them, none of them a line's end. */
type Token = { kind: 'character'; character: string } | { kind: 'one' } | { kind: 'any' };

/** The shell's patterns without brackets: `*`, `?`, and a backslash before what is meant literally. */
export class ShellPattern {
  readonly #tokens: Token[];

  /** @throws Error that tells the rule */
  constructor(pattern: string) {
    this.#tokens = tokensOf(Array.from(pattern));
  }

  withoutPrefix(value: string, longest: boolean): string {
    const characters = Array.from(value);
    const end = ends(this.#tokens, characters, longest)[0] ?? -1;
    return end === -1 ? value : characters.slice(end).join('');
  }

  withoutSuffix(value: string, longest: boolean): string {
    const characters = Array.from(value).reverse();
    const end = ends([...this.#tokens].reverse(), characters, longest)[0] ?? -1;
    return end === -1 ? value : characters.slice(end).reverse().join('');
  }

  /**
   * Replaces the first match, the longest from where it begins, or all of them.
   * @throws Error when the result is longer than `limit`: a few bytes can ask for any length
   */
  replace(value: string, replacement: string, all: boolean, limit: number): string {
    const characters = Array.from(value);
    const matches = ends(this.#tokens, characters, true);
    let result = '';
    let at = 0;
    // An empty match right behind another is none.
    let previousEnd = -1;
    for (let left = all ? Infinity : 1; left > 0 && at <= characters.length;) {
      const end = matches[at] ?? -1;
      if (end !== -1 && !(end === at && at === previousEnd)) {
        result += replacement;
        if (result.length > limit) throw new Error(`it expands to more than ${limit} characters`);
        left -= 1;
        previousEnd = end;
      }
      if (end > at) at = end;
      else result += characters[at++] ?? '';
    }
    return result + characters.slice(at).join('');
  }
}

function tokensOf(pattern: readonly string[]): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? '';
    if (character === '*') tokens.push({ kind: 'any' });
    else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '\\') {
      const escaped = pattern[++at] ?? '';
      if (!['*', '?', '\\', '}', '/'].includes(escaped))
        throw new Error(`nothing is escaped by \\${escaped} in a pattern`);
      tokens.push({ kind: 'character', character: escaped });
    } else tokens.push({ kind: 'character', character });
  }
  return tokens;
}

/**
 * Where a match that begins at each place ends, -1 where none does. In a time of places × tokens: a
 * regular expression of several stars can take for ever.
 */
function ends(tokens: readonly Token[], value: readonly string[], longest: boolean): number[] {
  const better = (a: number, b: number): number => {
    if (a === -1 || b === -1) return Math.max(a, b);
    return longest ? Math.max(a, b) : Math.min(a, b);
  };
  const found: number[] = new Array<number>(value.length + 1).fill(-1);
  let next: number[] = [];
  for (let at = value.length; at >= 0; at--) {
    const character = value[at];
    const row: number[] = new Array<number>(tokens.length + 1).fill(-1);
    row[tokens.length] = at;
    for (let index = tokens.length - 1; index >= 0; index--) {
      const token = tokens[index];
      const takesOne =
        character !== undefined &&
        (token?.kind === 'character' ? token.character === character : character !== '\n');
      const step = takesOne ? next : [];
      row[index] =
        token?.kind === 'any'
          ? better(row[index + 1] ?? -1, step[index] ?? -1)
          : (step[index + 1] ?? -1);
    }
    found[at] = row[0] ?? -1;
    next = row;
  }
  return found;
}
