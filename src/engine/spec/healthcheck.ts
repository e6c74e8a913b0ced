import { BoxliteError } from '../../errors.js';
import type { Healthcheck, ImageConfig } from '../../image/oci/image-config.js';

/** A caller's options for a box's healthcheck; missing ones are the image's, else Docker's default. */
export interface HealthcheckOptions {
  /** `['CMD', program, …]`, `['CMD-SHELL', line]`, or `['NONE']` to turn the image's check off. */
  test?: string[];
  /**
   * Milliseconds from the end of one check to the next; default 30 s. 0 in any of these counts as missing.
   */
  intervalMs?: number;
  /** Milliseconds after which the check's process group is killed and the check fails; default 30 s. */
  timeoutMs?: number;
  /** Milliseconds during which failures do not count, until the first success; default 0. */
  startPeriodMs?: number;
  /** Interval in milliseconds during the start period; default 5 s. */
  startIntervalMs?: number;
  /** Failures in a row that make the box unhealthy; default 3. */
  retries?: number;
}

/** A settled healthcheck, as the box's agent runs it. */
export interface HealthcheckSpec extends Required<HealthcheckOptions> {
  /** The command that `test` means for this image. */
  argv: string[];
}

export const HEALTHCHECK_DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5_000,
  retries: 3,
} as const;

/** The protocol's limit: 49 days. */
const MOST = 2 ** 32 - 1;

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/**
 * Docker's rules: each field of the caller overrides the image's; a test that is empty, NONE or of an unknown
 * kind means no check.
 */
export function settleHealthcheck(
  given: HealthcheckOptions | undefined,
  image: Pick<ImageConfig, 'healthcheck' | 'shell'>,
): { healthcheck?: HealthcheckSpec } {
  checkGiven(given ?? {});
  const own = image.healthcheck && fromImage(image.healthcheck);
  const test = given?.test?.length ? given.test : (own?.test ?? []);
  const argv = argvOf(test, image.shell);
  if (argv === undefined) return {};
  const either = (field: keyof typeof HEALTHCHECK_DEFAULTS): number =>
    [given?.[field], own?.[field]].find((each) => each !== undefined && each !== 0) ??
    HEALTHCHECK_DEFAULTS[field];
  return {
    healthcheck: {
      test,
      argv,
      intervalMs: either('intervalMs'),
      timeoutMs: either('timeoutMs'),
      startPeriodMs: either('startPeriodMs'),
      startIntervalMs: either('startIntervalMs'),
      retries: either('retries'),
    },
  };
}

function checkGiven(given: HealthcheckOptions): void {
  for (const field of Object.keys(HEALTHCHECK_DEFAULTS) as (keyof typeof HEALTHCHECK_DEFAULTS)[]) {
    const value = given[field] ?? 0;
    if (!Number.isInteger(value) || value < 0 || value > MOST)
      throw new BoxliteError(
        'invalid-argument',
        `the healthcheck's ${field} must be a whole number from 0 to ${MOST}, not ${value}`,
      );
  }
  const [kind] = given.test ?? [];
  if (kind !== undefined && !['NONE', 'CMD', 'CMD-SHELL'].includes(kind))
    throw new BoxliteError('invalid-argument', `unknown kind of healthcheck "${kind}"`, {
      hint: 'its test begins with CMD, CMD-SHELL or NONE',
    });
}

function argvOf([kind, ...words]: readonly string[], shell?: string[]): string[] | undefined {
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  if (kind === 'CMD-SHELL') return [...(shell?.length ? shell : DEFAULT_SHELL), ...words];
  return undefined;
}

/** An image's times may be any JSON number. */
function fromImage(check: Healthcheck): HealthcheckOptions & { test: string[] } {
  const ms = (ns = 0): number => (ns <= 0 ? 0 : Math.min(Math.max(Math.round(ns / 1e6), 1), MOST));
  return {
    test: check.test,
    intervalMs: ms(check.intervalNs),
    timeoutMs: ms(check.timeoutNs),
    startPeriodMs: ms(check.startPeriodNs),
    startIntervalMs: ms(check.startIntervalNs),
    retries: Math.min(Math.max(Math.trunc(check.retries ?? 0), 0), MOST),
  };
}
