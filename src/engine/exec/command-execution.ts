import { aborted, onAbort } from '../../abort.js';
import { BoxliteError } from '../../errors.js';
import { vmmFailure } from '../machine/records.js';
import { LONGEST_TIMER_MS } from '../machine/within.js';
import { boxName } from '../spec/names/box-name.js';
import type { EngineContext } from '../state/context.js';
import type { StartedCommand } from './exec.js';
import { Execution } from './execution.js';

/**
 * The guest ends a command that reaches its time-out with TERM, and with KILL 2 s later. If it reports no end
 * within this grace, the host abandons it: a frozen guest could otherwise hold its caller for ever.
 */
export const TIMEOUT_GRACE_MS = 10_000;

/**
 * A command beside the box's own. Its time-out and the caller's signal end it whatever the guest does.
 * @param timeoutMs 0: no limit
 */
export function commandExecution(
  context: EngineContext,
  box: { id: string; name: string | null | undefined },
  { client, session }: StartedCommand,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
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

/** A timer of any length that does not keep the process alive. */
function after(ms: number, act: () => void): Disposable {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const nextMs = Math.min(leftMs, LONGEST_TIMER_MS);
    timer = setTimeout(() => (nextMs < leftMs ? arm(leftMs - nextMs) : act()), nextMs).unref();
  };
  arm(ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
