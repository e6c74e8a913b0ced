/** What one pattern character matches; `*` matches any number of characters, but no newline. */
type Token = { kind: 'character'; character: string } | { kind: 'one' } | { kind: 'any' };

/** Shell patterns without brackets: `*`, `?`, and a backslash before a literal character. */
export class ShellPattern {
  readonly #tokens: Token[];

  /** @throws Error that states the rule */
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
   * Replaces the first match, as long as possible from its start, or all matches.
   * @throws Error when the result is longer than `limit`: a few bytes can ask for any length
   */
  replace(value: string, replacement: string, all: boolean, limit: number): string {
    const characters = Array.from(value);
    const matches = ends(this.#tokens, characters, true);
    let result = '';
    let at = 0;
    // An empty match right after another does not count.
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
 * For each position, where a match that starts there ends, or -1. Takes time in positions × tokens:
 * a regular expression with several stars can take for ever.
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
