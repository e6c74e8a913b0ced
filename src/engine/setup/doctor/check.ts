import { BoxliteError, type Remedy } from '../../../errors.js';

/**
 * `fault`: no box runs until it is fixed. `warning`: boxes run, but worse than they could. `note`: no
 * disadvantage for boxes. `skipped`: a check that it needs has failed.
 */
export type CheckStatus = 'ok' | 'note' | 'warning' | 'fault' | 'skipped';

/** What is checked. Scripts read these words, so they must not change. */
export type CheckName =
  | ('architecture' | 'node' | 'memory' | 'user-namespaces' | 'cgroups' | 'side-channels')
  | ('disk' | 'access' | 'database')
  | ('qemu' | 'mke2fs' | 'native' | 'network' | 'kernel' | 'accelerator')
  | ('registry' | 'box');

export interface CheckResult {
  name: CheckName;
  /** Title for users: `QEMU`. */
  title: string;
  status: CheckStatus;
  /** The result in words. */
  detail: string;
  /** What to do if something is wrong. */
  cure?: string;
  /** The action in `cure`, for programs. */
  remedy?: Remedy;
  durationMs: number;
}

export type Finding = Pick<CheckResult, 'status' | 'detail' | 'cure' | 'remedy'>;

export interface Check {
  name: CheckName;
  title: string;
  /** Checks that must succeed for this one to be meaningful. */
  needs?: readonly CheckName[];
  run: () => Promise<Finding>;
}

export const ok = (detail: string): Finding => ({ status: 'ok', detail });
export const note = (detail: string): Finding => ({ status: 'note', detail });
export const warning = (detail: string, cure: string, remedy?: Remedy): Finding => ({
  ...{ status: 'warning', detail, cure },
  ...(remedy !== undefined && { remedy }),
});
export const fault = (detail: string, cure: string, remedy?: Remedy): Finding => ({
  ...{ status: 'fault', detail, cure },
  ...(remedy !== undefined && { remedy }),
});

/** Runs a check; an error that it throws becomes its finding. */
export async function runCheck(
  { name, title, needs = [], run }: Check,
  before: readonly CheckResult[],
): Promise<CheckResult> {
  const unmet = before.filter(
    (each) => needs.includes(each.name) && (each.status === 'fault' || each.status === 'skipped'),
  );
  if (unmet.length > 0) {
    const detail = `needs ${unmet.map((each) => each.title).join(', ')}`;
    return { name, title, status: 'skipped', detail, durationMs: 0 };
  }
  const begin = performance.now();
  const finding = await findingOf(run);
  return { name, title, ...finding, durationMs: Math.round(performance.now() - begin) };
}

async function findingOf(run: Check['run']): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    const cure = error.hint ?? 'run it again with BOXLITE_DEBUG=1 to see where';
    return fault(error.message, cure, error.remedy);
  }
}
