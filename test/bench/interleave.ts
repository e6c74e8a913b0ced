/**
 * The order in which cases run: A B C A B C, so that what drifts in the machine hits all alike. A
 * case with fewer runs than the others takes part in rounds that are spread evenly.
 */
export function interleave<T extends { runs: number }>(cases: readonly T[]): T[] {
  const rounds = Math.max(0, ...cases.map(({ runs }) => runs));
  const order: T[] = [];
  for (let round = 0; round < rounds; round++)
    for (const each of cases) if (takesPart(each.runs, round, rounds)) order.push(each);
  return order;
}

/** Of `rounds` rounds exactly `runs` take part: those in which the running share passes a whole number. */
function takesPart(runs: number, round: number, rounds: number): boolean {
  return Math.floor(((round + 1) * runs) / rounds) > Math.floor((round * runs) / rounds);
}
