const LEAST_BEGINNING = 3;

/**
 * Returns the candidate that a mistyped word most likely meant, or undefined if none is near. Near means at
 * most two edits (one for words of up to three letters; swapping neighbours counts as one), or else being the
 * only candidate that begins with the word.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const allowed = word.length <= 3 ? 1 : 2;
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(word.length - candidate.length) > allowed) continue;
    const distance = editDistance(word, candidate);
    if (distance <= allowed && distance < (best?.distance ?? Infinity))
      best = { candidate, distance };
  }
  return best?.candidate ?? onlyThatBegins(word, candidates);
}

/** `--interact` is more than two edits from `--interactive`, but nothing else begins with it. */
function onlyThatBegins(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < LEAST_BEGINNING) return undefined;
  const [first, ...others] = candidates.filter((candidate) => candidate.startsWith(word));
  return others.length === 0 ? first : undefined;
}

/** Optimal string alignment: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) distance = Math.min(distance, at(beforeLast, j - 2) + 1);
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
