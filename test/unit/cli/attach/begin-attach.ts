import { attach, type AttachOptions } from '../../../../src/cli/attach/attach.js';
import type { CommandContext } from '../../../../src/cli/process/context.js';
import { type FakeWorld, fakeWorld } from '../fake-world.js';
import { FakeExecution } from './fake-execution.js';

export const PLAIN: AttachOptions = {
  tty: false,
  stdin: false,
  sigProxy: true,
  detachKeys: Uint8Array.of(16, 17),
  hint: 'it may still run',
};

export interface Attached {
  world: FakeWorld;
  execution: FakeExecution;
  status: Promise<number>;
}

/** Attaches a fake world to a command that has just started. */
export function beginAttach(
  options: Partial<AttachOptions> = {},
  world: Partial<FakeWorld> = {},
): Attached {
  const whole = { ...fakeWorld(), ...world };
  const execution = new FakeExecution();
  const status = attach(whole as unknown as CommandContext, { ...PLAIN, ...options }, () =>
    Promise.resolve(execution.asExecution()),
  );
  return { world: whole, execution, status };
}
