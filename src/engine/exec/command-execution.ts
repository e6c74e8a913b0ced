import { aborted, onAbort } from '../../abort.js';
import { BoxliteError } from '../../errors.js';
import { vmmFailure } from '../machine/records.js';
import { LONGEST_TIMER_MS } from '../machine/within.js';
import type { BoxCommand } from '../spec/box-command.js';
import { boxName } from '../spec/names/box-name.js';
import type { EngineContext } from '../state/context.js';
import type { StartedCommand } from './exec.js';
import { Execution } from './execution.js';

/**
 * The guest ends a command whose time is up by TERM, and by KILL 2 s later. One that has not reported the end by
 * then stands still: the host gives it up, or a frozen guest could hold its caller for ever.
 */
export const TIMEOUT_GRACE_MS = 10_000;

/** A command beside the box's own, bounded by its time-out and by the caller's signal whatever the guest does. */
export function commandExecution(
  context: EngineContext,
  box: { id: string; name: string | null | undefined },
  { client, session }: StartedCommand,
  { timeoutMs }: BoxCommand,
  signal?: AbortSignal,
): Execution {
  let given: BoxliteError | undefined;
  const giveUp = (reason: BoxliteError): void => {
    given = reason;
    session.disconnect(reason);
    client.close();
  };
  const name = boxName({ id: box.id, name: box.name ?? null });
  const deadline =
    timeoutMs === 0
      ? undefined
      : after(timeoutMs + TIMEOUT_GRACE_MS, () => giveUp(frozen(name, timeoutMs)));
  const listener = onAbort(signal, () => {
    if (signal) giveUp(aborted(signal, `a command in box ${name}`));
  });
  const leave = (): void => {
    deadline?.[Symbol.dispose]();
    listener[Symbol.dispose]();
    client.close();
  };
  session.exited.then(leave, leave);
  const directory = context.home.box(box.id);
  return new Execution(session, {
    detach: leave,
    onLost: (error) => (error === given ? Promise.resolve(error) : vmmFailure(directory, name)),
  });
}

function frozen(name: string, timeoutMs: number): BoxliteError {
  return new BoxliteError(
    'timeout',
    `box ${name} has not ended a command ${TIMEOUT_GRACE_MS / 1000} s after its time-out of ${timeoutMs} ms`,
  );
}

/** A timer of any length that keeps no process alive. */
function after(ms: number, act: () => void): Disposable {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const nextMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(() => (nextMs < leftMs ? arm(leftMs - nextMs) : act()), nextMs).unref();
  };
  arm(ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
