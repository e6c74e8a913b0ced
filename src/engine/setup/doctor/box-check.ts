import { BoxCommand, type Execution } from '../../exec/execution.js';
import type { BoxInspection } from '../../report/inspect.js';
import type { BoxOptions } from '../../spec/options.js';
import { BUILT_IN_IMAGE } from '../setup.js';
import { fault, type Finding, ok } from './check.js';

export interface BootedBox {
  accelerator: string;
  /** Whether the box started from a template. */
  template: boolean;
  /** Milliseconds that each stage of the start took, in order. */
  stagesMs: Record<string, number>;
  startMs: number;
  execMs: number;
}

/** The operations that the check needs of a box; `LiteBox` has them. */
export interface TriedBox {
  readonly id: string;
  start(): Promise<void>;
  exec(command: BoxCommand): Promise<Execution>;
  inspect(): Promise<Pick<BoxInspection, 'Boxlite'>>;
}

/** An exit code that no command returns by accident. */
const PROOF = 42;
/** If we are killed, the box ends after this time and removes itself. */
const LIFE_SECONDS = '30';
const COMMAND_TIMEOUT_MS = 20_000;

/** Starts a box, runs a command in it, and removes it. */
export async function bootBox(
  create: (options: BoxOptions) => Promise<TriedBox>,
  remove: (id: string) => Promise<void>,
  told: (box: BootedBox) => void,
): Promise<Finding> {
  const box = await create({
    rootfs: { image: BUILT_IN_IMAGE },
    command: ['sleep', LIFE_SECONDS],
    network: 'none',
    pull: 'never',
    autoRemove: true,
  });
  try {
    const begin = performance.now();
    await box.start();
    const startMs = Math.round(performance.now() - begin);
    const command = new BoxCommand('sh')
      .args(['-c', `exit ${PROOF}`])
      .stdin(false)
      .timeout(COMMAND_TIMEOUT_MS);
    const { exitCode } = await (await box.exec(command)).wait();
    const execMs = Math.round(performance.now() - begin) - startMs;
    if (exitCode !== PROOF)
      return fault(
        `a command in a box ended with ${exitCode} instead of ${PROOF}`,
        'look at its console',
        { action: 'logs', box: box.id },
      );
    const { Boxlite: own } = await box.inspect();
    const accelerator = typeof own.Accelerator === 'string' ? own.Accelerator : 'unknown';
    const stagesMs = milliseconds(own.StartTimings);
    told({ accelerator, template: own.Template !== null, stagesMs, startMs, execMs });
    return ok(`started in ${startMs} ms by ${accelerator}, ran a command in ${execMs} ms`);
  } finally {
    await remove(box.id);
  }
}

/** `{"vmmMs": 35}` → `{"vmm": 35}`; the guest's own measurements keep their names. */
function milliseconds(timings: unknown): Record<string, number> {
  if (typeof timings !== 'object' || timings === null) return {};
  return Object.fromEntries(
    Object.entries(timings).flatMap(([key, value]): [string, number][] => {
      if (typeof value === 'number') return [[key.replace(/Ms$/, ''), value]];
      return Object.entries(milliseconds(value)).map(([inner, ms]) => [`${key}.${inner}`, ms]);
    }),
  );
}
