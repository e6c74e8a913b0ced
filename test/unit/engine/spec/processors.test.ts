import { expect, test } from 'vitest';
import {
  changedProcessors,
  nanoCpusOf,
  processorLimits,
  type ProcessorOptions,
  type ProcessorSpec,
  settleProcessors,
} from '../../../../src/engine/spec/processors.js';

test.each<[ProcessorOptions, ProcessorSpec, Record<string, string>, number]>([
  [{}, { cpus: 1 }, {}, 1e9],
  [{ cpus: 2 }, { cpus: 2 }, {}, 2e9],
  [{ cpus: 1.5 }, { cpus: 2, nanoCpus: 1.5e9 }, { 'cpu.max': '150000 100000' }, 1.5e9],
  [{ cpus: 0.01 }, { cpus: 1, nanoCpus: 1e7 }, { 'cpu.max': '1000 100000' }, 1e7],
  [{ cpuQuota: 150_000 }, { cpus: 2, cpuQuota: 150_000 }, { 'cpu.max': '150000 100000' }, 0],
  [
    { cpuQuota: 25_000, cpuPeriod: 50_000 },
    { cpus: 1, cpuQuota: 25_000, cpuPeriod: 50_000 },
    { 'cpu.max': '25000 50000' },
    0,
  ],
  [{ cpuPeriod: 50_000 }, { cpus: 1, cpuPeriod: 50_000 }, {}, 1e9],
  [{ cpuQuota: -1 }, { cpus: 1 }, {}, 1e9],
  [{ cpuShares: 1024 }, { cpus: 1, cpuShares: 1024 }, { 'cpu.weight': '100' }, 1e9],
  [{ cpuShares: 512 }, { cpus: 1, cpuShares: 512 }, { 'cpu.weight': '59' }, 1e9],
  [{ cpuShares: 1 }, { cpus: 1, cpuShares: 2 }, { 'cpu.weight': '1' }, 1e9],
  [{ cpuShares: 1e6 }, { cpus: 1, cpuShares: 262_144 }, { 'cpu.weight': '10000' }, 1e9],
  [
    { cpus: 4, cpusetCpus: '0-1,3' },
    { cpus: 4, cpusetCpus: '0-1,3' },
    { 'cpuset.cpus': '0-1,3' },
    4e9,
  ],
])('%j are %j', (options, spec, limits, nano) => {
  const settled = settleProcessors(options);
  expect(settled).toEqual(spec);
  expect(
    Object.fromEntries(processorLimits(settled).map(({ name, value }) => [name, value])),
  ).toEqual(limits);
  expect(nanoCpusOf(settled)).toBe(nano);
});

test.each<[ProcessorOptions, string]>([
  [{ cpus: 0.001 }, 'Range of CPUs is from 0.01 to 64.00, not 0.001'],
  [{ cpus: 1, cpuQuota: 1000 }, 'Nano CPUs and CPU Quota cannot both be set'],
  [{ cpus: 1, cpuPeriod: 1000 }, 'Nano CPUs and CPU Period cannot both be set'],
  [{ cpuPeriod: 999 }, 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s'],
  [{ cpuPeriod: 1_000_001 }, 'CPU cfs period can not be less than 1ms'],
  [{ cpuQuota: 999 }, 'CPU cfs quota can not be less than 1ms (i.e. 1000)'],
  [{ cpuQuota: 6_500_000 }, 'a box can have 64 processors, and --cpu-quota of that period is 65'],
  [{ cpuShares: -1 }, 'CPU shares must be a whole number from 0, not -1'],
  [{ cpusetCpus: '1' }, 'Requested CPUs are not available - requested 1, available: 0'],
  [
    { cpus: 2, cpusetCpus: '0-2' },
    'Requested CPUs are not available - requested 0-2, available: 0-1',
  ],
  [{ cpusetCpus: '1-0' }, 'Invalid value 1-0 for cpuset cpus'],
  [{ cpusetCpus: '0,' }, 'Invalid value 0, for cpuset cpus'],
  [{ cpusetCpus: '0\n1' }, 'Invalid value 0\n1 for cpuset cpus'],
])('%j are refused', (options, message) => {
  expect(() => settleProcessors(options)).toThrow(message);
});

const nothing = {
  nanoCpus: undefined,
  cpuPeriod: undefined,
  cpuQuota: undefined,
  cpuShares: undefined,
  cpusetCpus: undefined,
};

test.each<[Partial<ProcessorSpec>, ProcessorOptions, ProcessorSpec]>([
  [{ cpus: 3 }, {}, { cpus: 3 }],
  [{ cpus: 2, nanoCpus: 1.5e9 }, { cpuShares: 512 }, { cpus: 2, nanoCpus: 1.5e9, cpuShares: 512 }],
  [{ cpus: 2, nanoCpus: 1.5e9 }, { cpus: 3 }, { cpus: 3 }],
  [{ cpus: 2 }, { cpuQuota: 50_000 }, { cpus: 1, cpuQuota: 50_000 }],
  [{ cpus: 2, cpuQuota: 150_000 }, { cpuQuota: -1, cpus: 2 }, { cpus: 2 }],
  [{ cpus: 2, cpuShares: 512 }, { cpuShares: 0 }, { cpus: 2 }],
])('%j changed by %j are %j', (before, given, after) => {
  expect(changedProcessors({ ...nothing, cpus: 1, ...before }, given)).toEqual(after);
});

test('a box whose time is limited is told that twice is too much', () => {
  const before = { ...nothing, cpus: 1, cpuQuota: 50_000 };
  expect(() => changedProcessors(before, { cpus: 2 })).toThrow('cannot both be set');
  expect(() => changedProcessors({ ...nothing, cpus: 2, cpusetCpus: '1' }, { cpus: 1 })).toThrow(
    'Requested CPUs are not available - requested 1, available: 0',
  );
});
