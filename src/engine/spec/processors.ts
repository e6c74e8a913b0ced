/** The number of processors of a box's machine, and how much of them the box may use. */
import { BoxliteError } from '../../errors.js';
import { DEFAULT_CPUS, MAX_CPUS } from './defaults.js';

export interface ProcessorOptions {
  /**
   * Virtual CPUs, 0.01 … 64, default 1. A fraction is a limit on the CPU time of the next whole number of
   * CPUs.
   */
  cpus?: number;
  /** Period of `cpuQuota` in microseconds, 1,000 … 1,000,000; default 100,000. */
  cpuPeriod?: number;
  /** Microseconds of CPU time that the box may use in each period; 0 (default) or less: no limit. */
  cpuQuota?: number;
  /** Docker's relative weight, 2 … 262,144; 0: the default of 1,024. */
  cpuShares?: number;
  /** Processors of the box's machine that the box may use: `0-1,3`; default all. */
  cpusetCpus?: string;
}

/** The settled options; missing ones do not limit. */
export interface ProcessorSpec {
  /** The machine's number of CPUs. */
  cpus: number;
  /** Billionths of a processor, if the limit is not a whole number of processors. */
  nanoCpus?: number;
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuShares?: number;
  cpusetCpus?: string;
}

const DEFAULT_PERIOD = 100_000;
const NANO = 1e9;
const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;

/** @throws invalid-argument, in Docker's words where they exist */
export function settleProcessors(options: {
  [K in keyof ProcessorOptions]: ProcessorOptions[K] | undefined;
}): ProcessorSpec {
  const { cpuPeriod = 0, cpuQuota = 0, cpuShares = 0, cpusetCpus = '' } = options;
  const wanted = checkCpus(options.cpus);
  checkPeriodAndQuota(cpuPeriod, cpuQuota);
  if (wanted !== undefined && (cpuPeriod > 0 || cpuQuota > 0))
    throw invalid(
      `Conflicting options: Nano CPUs and CPU ${cpuPeriod > 0 ? 'Period' : 'Quota'} cannot both be set`,
      'give --cpus alone: 1.5 is --cpu-quota 150000 of the default period',
    );
  const time = cpuQuota > 0 ? cpuQuota / (cpuPeriod || DEFAULT_PERIOD) : undefined;
  const cpus = Math.ceil(wanted ?? time ?? DEFAULT_CPUS);
  if (cpus > MAX_CPUS)
    throw invalid(
      `a box can have ${MAX_CPUS} processors, and --cpu-quota of that period is ${cpus}`,
    );
  return {
    cpus,
    ...(wanted !== undefined &&
      !Number.isInteger(wanted) && { nanoCpus: Math.round(wanted * NANO) }),
    ...(cpuPeriod > 0 && { cpuPeriod }),
    ...(cpuQuota > 0 && { cpuQuota }),
    ...(cpuShares !== 0 && { cpuShares: checkShares(cpuShares) }),
    ...(cpusetCpus !== '' && { cpusetCpus: checkCpuset(cpusetCpus, cpus) }),
  };
}

/**
 * A box's processors with some options changed.
 * @param before the present options; undefined ones do not limit
 * @throws invalid-argument; also when limits of both kinds are combined
 */
export function changedProcessors(
  before: { [K in keyof ProcessorSpec]: ProcessorSpec[K] | undefined },
  given: ProcessorOptions,
): ProcessorSpec {
  const { cpus, nanoCpus, ...limits } = before;
  const { cpuPeriod = limits.cpuPeriod, cpuQuota = limits.cpuQuota } = given;
  const timed = (cpuPeriod ?? 0) > 0 || (cpuQuota ?? 0) > 0;
  const kept = nanoCpus === undefined ? cpus : nanoCpus / NANO;
  return settleProcessors({
    cpus: given.cpus ?? (timed ? undefined : kept),
    cpuPeriod,
    cpuQuota,
    cpuShares: given.cpuShares ?? limits.cpuShares,
    cpusetCpus: given.cpusetCpus ?? limits.cpusetCpus,
  });
}

/** Settings for the files of the box's cgroup. */
export function processorLimits(spec: ProcessorSpec): { name: string; value: string }[] {
  const { nanoCpus, cpuPeriod = DEFAULT_PERIOD, cpuQuota, cpuShares, cpusetCpus } = spec;
  const quota = nanoCpus === undefined ? cpuQuota : Math.round((nanoCpus / NANO) * cpuPeriod);
  return [
    ...(quota === undefined ? [] : [{ name: 'cpu.max', value: `${quota} ${cpuPeriod}` }]),
    ...(cpuShares === undefined
      ? []
      : [{ name: 'cpu.weight', value: String(cpuWeight(cpuShares)) }]),
    ...(cpusetCpus === undefined ? [] : [{ name: 'cpuset.cpus', value: cpusetCpus }]),
  ];
}

/** `nanoCpus` of Docker's API. */
export function nanoCpusOf({ cpus, nanoCpus, cpuQuota }: ProcessorSpec): number {
  return cpuQuota === undefined ? (nanoCpus ?? cpus * NANO) : 0;
}

/**
 * Converts shares of cgroup v1 to a weight of cgroup v2: 2 … 262,144 onto 1 … 10,000, and the default of the one, 1,024,
 * onto that of the other, 100, as runc and crun do by now.
 */
export function cpuWeight(shares: number): number {
  const power = Math.log2(shares);
  return Math.ceil(10 ** ((power ** 2 + 125 * power) / 612 - 7 / 34));
}

function checkCpus(cpus: number | undefined): number | undefined {
  if (cpus === undefined) return undefined;
  if (Number.isFinite(cpus) && cpus >= 0.01 && cpus <= MAX_CPUS) return cpus;
  throw invalid(`Range of CPUs is from 0.01 to ${MAX_CPUS}.00, not ${cpus}`);
}

function checkPeriodAndQuota(period: number, quota: number): void {
  if (!Number.isSafeInteger(period) || !Number.isSafeInteger(quota))
    throw invalid('CPU period and quota are whole microseconds');
  if (period !== 0 && (period < 1_000 || period > 1_000_000))
    throw invalid(
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    );
  if (quota > 0 && quota < 1_000)
    throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function checkShares(shares: number): number {
  if (!Number.isSafeInteger(shares) || shares < 0)
    throw invalid(`CPU shares must be a whole number from 0, not ${shares}`);
  return Math.min(Math.max(shares, LEAST_SHARES), MOST_SHARES);
}

function checkCpuset(text: string, cpus: number): string {
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    if (first === '' || Number(last) < Number(first))
      throw invalid(`Invalid value ${text} for cpuset cpus`, 'give numbers and ranges: 0-1,3');
    if (Number(last) >= cpus)
      throw invalid(
        `Requested CPUs are not available - requested ${text}, available: ${cpus === 1 ? '0' : `0-${cpus - 1}`}`,
        `the box has ${cpus === 1 ? 'one virtual CPU' : `${cpus} virtual CPUs`}: give it more by --cpus`,
      );
  }
  return text;
}

function invalid(message: string, hint?: string): BoxliteError {
  return new BoxliteError('invalid-argument', message, hint === undefined ? {} : { hint });
}
