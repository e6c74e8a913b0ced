/** Docker's names for what a box was given of its kernel, its resolver and its processors. */
import type { BoxSpec } from '../spec/box-spec.js';
import { nanoCpusOf } from '../spec/processors.js';

/** Part of `HostConfig`. */
export function hostConfigOptions(spec: BoxSpec): Record<string, unknown> {
  return {
    NanoCpus: nanoCpusOf(spec),
    CpuShares: spec.cpuShares ?? 0,
    CpuPeriod: spec.cpuPeriod ?? 0,
    CpuQuota: spec.cpuQuota ?? 0,
    CpusetCpus: spec.cpusetCpus ?? '',
    MemoryReservation: (spec.memoryReservationMib ?? 0) * 2 ** 20,
    // Memory and swap together, and there is none of the latter.
    MemorySwap: spec.memoryMib * 2 ** 20,
    OomScoreAdj: spec.oomScoreAdj ?? 0,
    GroupAdd: nullIfEmpty(spec.groupAdd),
    ...(spec.sysctls && { Sysctls: spec.sysctls }),
    Devices: (spec.devices ?? []).map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions,
    })),
    DeviceCgroupRules: nullIfEmpty(spec.deviceRules),
    IpcMode: spec.ipc ?? 'private',
    Dns: spec.dns ?? [],
    DnsSearch: spec.dnsSearch ?? [],
    DnsOptions: spec.dnsOptions ?? [],
  };
}

/** Docker's lists without an item are null. */
function nullIfEmpty(list: readonly string[] = []): readonly string[] | null {
  return list.length === 0 ? null : list;
}
