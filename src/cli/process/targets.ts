import { type CommandContext, print } from './context.js';
import { Interrupted } from './interrupted.js';

/** The failures among several targets; each is printed, and the status is 1. */
export class TargetFailures extends Error {
  constructor(readonly failures: readonly unknown[]) {
    super(`${failures.length} failed`);
  }
}

/**
 * Does the same to every target, even if others fail, and prints each result in the order of the targets, as
 * long as printing works. `at once` is for work that mostly waits: ten boxes stop in the time of the slowest.
 * @throws TargetFailures after all have been tried
 */
export async function forEachTarget(
  context: CommandContext,
  targets: readonly string[],
  order: 'in turn' | 'at once',
  act: (target: string) => Promise<string>,
): Promise<void> {
  const started = order === 'at once' ? targets.map((target) => settle(act(target))) : undefined;
  const failures: unknown[] = [];
  let unwritten: unknown;
  for (const [index, target] of targets.entries()) {
    const result = await (started?.[index] ?? settle(act(target)));
    if (result.status === 'fulfilled')
      await print(context, unwritten === undefined ? result.value : '').catch((error: unknown) => {
        unwritten = error;
      });
    else if (result.reason instanceof Interrupted) throw result.reason;
    else failures.push(result.reason);
  }
  if (unwritten instanceof Interrupted) throw unwritten;
  if (unwritten !== undefined) failures.push(unwritten);
  if (failures.length > 0) throw new TargetFailures(failures);
}

async function settle(action: Promise<string>): Promise<PromiseSettledResult<string>> {
  const [result] = await Promise.allSettled([action]);
  return result;
}
