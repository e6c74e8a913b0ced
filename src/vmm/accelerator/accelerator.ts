import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxliteError, type Remedy } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import { currentBootId } from '../../host/process-identity.js';
import { writeFileWhole } from '../../host/write-file-whole.js';
import type { AcceleratorName } from '../driver.js';
import { type DeviceFault, kvmDeviceFault } from './kvm-device.js';

/**
 * Opening /dev/kvm proves nothing: under a paravirtual KVM it opens and creates VMs, but no stock kernel
 * boots in them. So KVM counts as working only when a machine has run with it just now: a template in the
 * home may come from a KVM that no longer works.
 */
export const KVM_DEADLINES = {
  /** Until a template's agent answers. */
  restoreMs: 10_000,
  /**
   * A boot without progress for this long hangs. A good boot pauses for at most a quarter of its time, so
   * this never fires for a boot that would meet `readyMs`.
   */
  stallMs: 10_000,
  /** Until a booting machine's agent is ready; a nested KVM works but is slow. */
  readyMs: 30_000,
} as const;

/** A temporary "no" is retried after this long, and after twice as long each time it is confirmed. */
const FIRST_DOUBT_MS = 600_000;
const LONGEST_DOUBT_MS = 24 * 3_600_000;

const TRY_AGAIN: Remedy = { action: 'doctor' };

/** QEMU reports an errno only as text, and always this one: its locale is C. */
const PASSING =
  /Device or resource busy|Cannot allocate memory|Resource temporarily unavailable|Too many open files|Interrupted system call/;

export interface Verdict {
  works: boolean;
  /** One line, for `info` and the notice. */
  reason: string;
  /** What the user can do about a "no". */
  cure?: string;
  /** The action in `cure`, for programs. */
  remedy?: Remedy;
  /** Milliseconds since the epoch; missing if the device can't be opened at all. */
  triedAtMs?: number;
  /** When a "no" expires, in milliseconds since the epoch; missing: at the host's next boot. */
  untilMs?: number;
}

export interface Accelerator {
  name: AcceleratorName;
  reason: string;
  cure?: string;
  remedy?: Remedy;
}

/**
 * The conditions of a verdict: KVM is tried again after a reboot of the host, and with another QEMU or
 * kernel.
 */
export interface VerdictIdentity {
  vmmBuild: string;
  assetsDigest: string;
}

export interface Question {
  choice: 'auto' | 'kvm' | 'tcg';
  /** Try KVM whatever is known; the caller reports the result. */
  recheck?: boolean;
}

/** Runs a machine with KVM within the deadlines; rejects with the failure. */
export type TryKvm = (deadlines: typeof KVM_DEADLINES) => Promise<void>;

/** The means to find the answer. */
export interface Means {
  identity: () => Promise<VerdictIdentity>;
  tryKvm: TryKvm;
  /** Runs `work` in one process of the home at a time; others wait and use its result. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  onNotice: (message: string) => void;
}

/**
 * `auto` uses KVM if it works, else emulation; `kvm` requires it, and tries again despite a known "no".
 * @throws accelerator when `kvm` is requested and does not work
 */
export async function chooseAccelerator(
  home: Home,
  question: Question,
  means: Means,
): Promise<Accelerator> {
  const { choice } = question;
  if (choice === 'tcg') return { name: 'tcg', reason: 'asked for' };
  const { works, reason, ...way } = await judge(home, question, means);
  if (works) return { name: 'kvm', reason };
  if (choice === 'auto') return { name: 'tcg', reason, ...wayOut(way) };
  throw new BoxliteError('accelerator', `KVM does not work on this machine: ${reason}`, {
    ...wayOut(way),
    hint: `run by emulation with --accel auto${way.cure === undefined ? '' : `; or ${way.cure}`}`,
  });
}

/** The parts of a verdict that say how to make KVM work. */
function wayOut({ cure, remedy }: Pick<Verdict, 'cure' | 'remedy'>) {
  return { ...(cure !== undefined && { cure }), ...(remedy !== undefined && { remedy }) };
}

/** What is known about KVM, for `info`; tries nothing. @param identity missing if no trial is possible */
export async function knownVerdict(
  home: Home,
  identity: VerdictIdentity | undefined,
): Promise<Verdict | undefined> {
  return againstDevice(kvmDeviceFault()) ?? (identity && (await storedVerdict(home, identity)));
}

async function judge(home: Home, question: Question, means: Means): Promise<Verdict> {
  const { choice, recheck = false } = question;
  const fault = kvmDeviceFault();
  if (fault?.cure !== undefined && choice === 'auto' && !recheck)
    await noticeOnce(home, fault, means.onNotice);
  const unopened = againstDevice(fault);
  if (unopened) return unopened;
  const identity = await means.identity();
  const known = await storedVerdict(home, identity);
  if (known && !recheck && (known.works || (choice === 'auto' && holds(known)))) return known;
  return means.exclusively(async () => {
    const latest = await storedVerdict(home, identity);
    // Another process tried it while we waited.
    if (latest && latest.triedAtMs !== known?.triedAtMs) return latest;
    return probe(home, question, { identity, before: latest }, means);
  });
}

const againstDevice = (fault: DeviceFault | undefined): Verdict | undefined =>
  fault && { works: false, ...fault };

/** If the clock was set back, the answer's date is in the future, and it does not hold. */
function holds({ triedAtMs = 0, untilMs = Infinity }: Verdict): boolean {
  return triedAtMs <= Date.now() && Date.now() < untilMs;
}

async function probe(
  home: Home,
  { choice, recheck = false }: Question,
  { identity, before }: { identity: VerdictIdentity; before: Verdict | undefined },
  { tryKvm, onNotice }: Means,
): Promise<Verdict> {
  if (!recheck) onNotice('trying whether KVM works here');
  let verdict: Verdict;
  try {
    await tryKvm(KVM_DEADLINES);
    verdict = { works: true, reason: 'KVM boots', triedAtMs: Date.now() };
  } catch (error) {
    // A failure unrelated to KVM must not be stored as KVM's.
    if (!isMachineFailure(error)) throw error;
    verdict = against(error, before);
    if (!recheck && choice === 'auto') onNotice(`boxes run by emulation: ${verdict.reason}`);
  }
  await store(home, { ...verdict, ...keyOf(identity) });
  return verdict;
}

/** Whether the accelerator may be why a machine did not come up; failures of the jail come earlier. */
export function isMachineFailure(error: unknown): error is BoxliteError {
  if (!(error instanceof BoxliteError) || error.stage === 'jail') return false;
  return ['boot-failed', 'vmm-failed', 'timeout'].includes(error.code);
}

function against(error: BoxliteError, before: Verdict | undefined): Verdict {
  const triedAtMs = Date.now();
  const verdict = {
    works: false,
    reason: `/dev/kvm opens, but no machine runs with it (${oneLine(error.message)})`,
    cure: 'end other hypervisors (VirtualBox, VMware), and have KVM tried again',
    remedy: TRY_AGAIN,
    triedAtMs,
  };
  // A VMM that gave up by itself will do so again. A missed deadline, lack of memory or another hypervisor
  // may pass.
  const isFinal =
    error.code === 'vmm-failed' && error.stage === 'vmm' && !PASSING.test(error.message);
  return isFinal ? verdict : { ...verdict, untilMs: triedAtMs + nextDoubtMs(before) };
}

function nextDoubtMs(before: Verdict | undefined): number {
  if (before?.triedAtMs === undefined || before.untilMs === undefined) return FIRST_DOUBT_MS;
  const lastMs = before.untilMs - before.triedAtMs;
  // A trial before the verdict expired does not count as a confirmation.
  return Math.min(holds(before) ? lastMs : 2 * lastMs, LONGEST_DOUBT_MS);
}

interface StoredVerdict extends Verdict, VerdictIdentity {
  bootId: string;
}

function keyOf(identity: VerdictIdentity): VerdictIdentity & { bootId: string } {
  return { ...identity, bootId: currentBootId() };
}

async function storedVerdict(home: Home, identity: VerdictIdentity): Promise<Verdict | undefined> {
  const stored = await readStored(home);
  const key = keyOf(identity);
  const same =
    stored.bootId === key.bootId &&
    stored.vmmBuild === key.vmmBuild &&
    stored.assetsDigest === key.assetsDigest;
  const { works, reason, cure, triedAtMs, untilMs } = stored;
  if (!same || typeof works !== 'boolean' || typeof reason !== 'string') return undefined;
  // A verdict without a time comes from an older BoxLite, which accepted a template as proof.
  if (typeof triedAtMs !== 'number') return undefined;
  return {
    ...{ works, reason, triedAtMs },
    ...(typeof cure === 'string' && { cure, remedy: TRY_AGAIN }),
    ...(typeof untilMs === 'number' && { untilMs }),
  };
}

type Stored = Partial<Record<keyof StoredVerdict | 'toldBootId', unknown>>;

/** Nothing before the first trial, or when the file can't be parsed: another trial is safe. */
async function readStored(home: Home): Promise<Stored> {
  try {
    const stored: unknown = JSON.parse(await readFile(home.accelerators(), 'utf8'));
    return typeof stored === 'object' && stored !== null ? stored : {};
  } catch {
    return {};
  }
}

/** The notice that boxes could be faster appears once per boot of the host, not at each start. */
async function noticeOnce(
  home: Home,
  { reason, cure = '' }: DeviceFault,
  onNotice: (message: string) => void,
): Promise<void> {
  const stored = await readStored(home);
  const toldBootId = currentBootId();
  if (stored.toldBootId === toldBootId) return;
  onNotice(`boxes run by emulation, which is slower: ${reason}; to allow KVM: ${cure}`);
  await store(home, { ...stored, toldBootId });
}

async function store(home: Home, record: Stored): Promise<void> {
  const path = home.accelerators();
  makePrivateDirectory(dirname(path));
  await writeFileWhole(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** What failed, and the first line of the VMM about it. */
function oneLine(message: string): string {
  return message
    .split('\n')
    .slice(0, 2)
    .map((line) => line.replace(/^[\s|]+/, ''))
    .join('; ');
}
