import type { Option, Options } from './command.js';

/**
 * Docker accepts `-H=false` and `-dt=false`: the value applies to the last letter of the word. Commander does
 * not, so such a word is expanded: `--human=false`, `-d --tty=false`. Other words are unchanged.
 * @param passThrough options end at the first operand
 */
export function spellOutShortFlags(
  options: Options,
  argv: readonly string[],
  passThrough: boolean,
): string[] {
  const byLetter = new Map(
    Object.entries(options).flatMap(([name, option]): [string, [string, Option<unknown>]][] =>
      option.short === undefined ? [] : [[option.short, [name, option]]],
    ),
  );
  const spelled: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--' || (passThrough && !isOption(word))) return [...spelled, ...argv.slice(i)];
    if (word.startsWith('--') || !isOption(word)) {
      spelled.push(word);
      // An option's value must not be read as an option.
      if (takesNext(options[word.slice(2)])) spelled.push(...argv.slice(++i, i + 1));
      continue;
    }
    const valued = Array.from(word.slice(1)).findIndex(
      (letter) => byLetter.get(letter)?.[1].placeholder !== undefined,
    );
    const equals = word.indexOf('=');
    const flag = byLetter.get(word.charAt(equals - 1))?.[0];
    const isSpelled = equals > 1 && flag !== undefined && (valued === -1 || valued + 1 > equals);
    if (isSpelled) {
      if (equals > 2) spelled.push(word.slice(0, equals - 1));
      spelled.push(`--${flag}${word.slice(equals)}`);
      continue;
    }
    spelled.push(word);
    if (valued !== -1 && valued === word.length - 2) spelled.push(...argv.slice(++i, i + 1));
  }
  return spelled;
}

function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

function takesNext(option: Option<unknown> | undefined): boolean {
  return option?.placeholder !== undefined;
}
