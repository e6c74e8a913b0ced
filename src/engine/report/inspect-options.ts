/** Docker's names for a box's options of kernel, resolver and processors. */
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
    // Memory plus swap; there is no swap.
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

/** Docker prints empty lists as null. */
function nullIfEmpty(list: readonly string[] = []): readonly string[] | null {
  return list.length === 0 ? null : list;
}
