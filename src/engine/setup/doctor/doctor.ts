import type { Remedy } from '../../../errors.js';
import type { RegistryOptions } from '../../../image/registry/options.js';
import type { BoxOptions } from '../../spec/options.js';
import type { EngineContext } from '../../state/context.js';
import { checkAccess } from './access-check.js';
import { bootBox, type BootedBox, type TriedBox } from './box-check.js';
import { type Check, type CheckName, type CheckResult, runCheck } from './check.js';
import { checkDatabase } from './database-check.js';
import { checkHome } from './home-check.js';
import { HOST_CHECKS } from './host-checks.js';
import { programChecks } from './program-checks.js';
import { checkRegistries } from './registry-check.js';
import { checkSideChannels } from './side-channels.js';

export interface DoctorRequest {
  /** Receives each check as it begins and as it ends. */
  onCheck?: (event: DoctorEvent) => void;
  /** Registries to contact; default none. */
  registries?: readonly string[];
  /** Milliseconds that each registry has to answer. */
  registryTimeoutMs?: number;
  /** Path of the kernel that set-up would use. */
  kernel?: string;
}

export type DoctorEvent = { kind: 'begin'; title: string } | { kind: 'end'; result: CheckResult };

export interface DoctorReport {
  /** True if a box started and ran a command. */
  ok: boolean;
  checks: CheckResult[];
  box: BootedBox | undefined;
}

export interface DoctorParts {
  context: EngineContext;
  registryOptions: () => Promise<RegistryOptions>;
  create: (options: BoxOptions) => Promise<TriedBox>;
  remove: (id: string) => Promise<void>;
}

const REGISTRY_TIMEOUT_MS = 3_000;

/** Checks all that boxes need here, reports each fault with its cure, and finally runs a box. */
export async function examine(
  { context, registryOptions, create, remove }: DoctorParts,
  request: DoctorRequest,
): Promise<DoctorReport> {
  const { onCheck = () => undefined, registries = [], kernel } = request;
  const timeoutMs = request.registryTimeoutMs ?? REGISTRY_TIMEOUT_MS;
  let box: BootedBox | undefined;
  const registryCheck: Check = {
    name: 'registry',
    title: 'Registry',
    run: () => checkRegistries(registries, registryOptions, timeoutMs),
  };
  const checks: Check[] = [
    ...preflightChecks(context, kernel),
    ...(registries.length === 0 ? [] : [registryCheck]),
    {
      name: 'box',
      title: 'A box',
      needs: [
        'architecture',
        'disk',
        'database',
        'qemu',
        'mke2fs',
        'native',
        'network',
        'kernel',
        'accelerator',
      ],
      run: () =>
        bootBox(create, remove, (booted) => {
          box = booted;
        }),
    },
  ];
  const results = await runAll(checks, onCheck);
  return { ok: results.at(-1)?.status === 'ok', checks: results, box };
}

/** What prevents boxes from running here, or makes them run worse than they could. */
export interface PreflightProblem {
  code: CheckName;
  /** `fault`: no box runs until it is fixed. `warning`: boxes run, but worse than they could. */
  severity: 'fault' | 'warning';
  /** The problem in words. */
  message: string;
  /** What to do about it, in words. */
  hint: string;
  /** The action in `hint`, for programs. */
  remedy?: Remedy;
}

export interface PreflightReport {
  /** True if no problem is a fault. */
  ok: boolean;
  problems: PreflightProblem[];
}

/** The same checks without registries and without running a box. */
export async function preflight(context: EngineContext): Promise<PreflightReport> {
  const results = await runAll(preflightChecks(context, undefined), () => undefined);
  const problems = results.flatMap(
    ({ name, status, detail, cure = '', remedy }): PreflightProblem[] =>
      status === 'fault' || status === 'warning'
        ? [
            {
              ...{ code: name, severity: status, message: detail, hint: cure },
              ...(remedy !== undefined && { remedy }),
            },
          ]
        : [],
  );
  return { ok: problems.every(({ severity }) => severity !== 'fault'), problems };
}

function preflightChecks(context: EngineContext, kernel: string | undefined): Check[] {
  return [
    ...HOST_CHECKS,
    {
      name: 'side-channels',
      title: 'Side channels',
      run: () => Promise.resolve(checkSideChannels()),
    },
    { name: 'disk', title: 'Home', run: () => checkHome(context.home) },
    {
      name: 'access',
      title: 'Access to it',
      run: () => Promise.resolve(checkAccess(context.home)),
    },
    {
      name: 'database',
      title: 'Database',
      needs: ['disk'],
      run: () => Promise.resolve(checkDatabase(context)),
    },
    ...programChecks(context, kernel),
  ];
}

async function runAll(
  checks: readonly Check[],
  onCheck: (event: DoctorEvent) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    onCheck({ kind: 'begin', title: check.title });
    const result = await runCheck(check, results);
    results.push(result);
    onCheck({ kind: 'end', result });
  }
  return results;
}
