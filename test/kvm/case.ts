/** One fact about KVM, looked at where it is. */
export interface Case {
  title: string;
  limitS: number;
  /** Why it can tell nothing here. */
  leftOut?: string;
  /** @returns what was seen; throws when the fact does not hold */
  run: () => Promise<string>;
}

/** What was seen is not what has to be. */
export class Mismatch extends Error {}

export function check(holds: boolean, seen: string): asserts holds {
  if (!holds) throw new Mismatch(seen);
}

/** One line a case, and one that counts them. @returns whether none has failed */
export async function runCases(cases: readonly Case[]): Promise<boolean> {
  let failed = 0;
  let leftOut = 0;
  for (const { title, limitS, run, ...rest } of cases) {
    if (rest.leftOut !== undefined) {
      leftOut++;
      console.log(`left out ${title}: ${rest.leftOut}`);
      continue;
    }
    const begin = performance.now();
    const outcome = await within(run(), limitS);
    if (!outcome.passed) failed++;
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(`${outcome.passed ? 'ok    ' : 'failed'} ${title} (${seconds} s): ${outcome.seen}`);
  }
  console.log(`${cases.length - failed - leftOut} passed, ${failed} failed, ${leftOut} left out`);
  return failed === 0;
}

interface Outcome {
  passed: boolean;
  seen: string;
}

async function within(work: Promise<string>, seconds: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(
      () => resolve({ passed: false, seen: `not done in ${seconds} s` }),
      seconds * 1000,
    );
  });
  const done = work.then(
    (seen) => ({ passed: true, seen: oneLine(seen) }),
    (error: unknown) => ({ passed: false, seen: oneLine(describe(error)) }),
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describe(error: unknown): string {
  if (error instanceof Mismatch) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' | ');
