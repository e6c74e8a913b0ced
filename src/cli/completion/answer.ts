/**
 * `boxlite __complete WORD... CURRENT`: the request of the shells' scripts. It never fails, because a person
 * who presses TAB does not want a message in the middle of the line.
 *
 * The answer has a line for each offer, `TEXT<TAB>ABOUT`. A last line of colons and words says how to
 * continue: `:file`, `:directory`, `:open` when no blank should follow.
 */
import { withoutActing } from '../../terminal-text.js';
import type { Environment } from '../flags/key-values.js';
import { type Answer, complete } from './complete.js';
import type { Names } from './offers.js';

export async function answer(argv: readonly string[], environment: Environment): Promise<string> {
  try {
    const words = argv.slice(0, -1);
    const word = argv.at(-1) ?? '';
    return render(await complete({ words, word, environment }, findNames));
  } catch {
    return ':\n';
  }
}

async function findNames(home: string | undefined): Promise<Names> {
  const { knownNames } = await import('../../engine/report/known-names.js');
  const { defaultHome } = await import('../../engine/setup/home-paths.js');
  return knownNames(home ?? defaultHome());
}

function render({ offers, paths, prefix }: Answer): string {
  const lines = offers.map(
    ({ text, about = '' }) => `${oneLine(prefix + text)}\t${oneLine(about)}\n`,
  );
  const open = offers.some((offer) => offer.open === true);
  const end = [paths, open ? 'open' : undefined].filter((each) => each !== undefined);
  return `${lines.join('')}:${end.join(':')}\n`;
}

/** Labels of images are other people's text: keep each on one line. */
function oneLine(text: string): string {
  return withoutActing(text, ' ');
}
