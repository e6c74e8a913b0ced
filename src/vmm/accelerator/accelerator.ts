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
 * That /dev/kvm opens proves nothing: under a paravirtual KVM it opens, makes VMs, and no stock
 * kernel boots in them. So KVM counts as working when a machine has really run with it, now: a
 * template in the home may be of a KVM that is no more.
 */
export const KVM_DEADLINES = {
  /** For a template's agent to answer. */
  restoreMs: 10_000,
  /**
   * A boot that does nothing new for so long hangs. The longest that one stands still is a quarter of its time,
   * so this never goes before `readyMs`.
   */
  stallMs: 10_000,
  /** Until a booting machine's agent is ready; a nested KVM works but is slow. */
  readyMs: 30_000,
} as const;

/** A "no" that may pass is doubted after this long; each time it proves right, after twice as long. */
const FIRST_DOUBT_MS = 600_000;
const LONGEST_DOUBT_MS = 24 * 3_600_000;

const TRY_AGAIN: Remedy = { action: 'doctor' };

/** QEMU reports an errno in words alone, and always these: its locale is C. */
const PASSING =
  /Device or resource busy|Cannot allocate memory|Resource temporarily unavailable|Too many open files|Interrupted system call/;

export interface Verdict {
  works: boolean;
  /** One line, for `info` and the notice. */
  reason: string;
  /** What the user can do about a "no". */
  cure?: string;
  /** What `cure` ends with, for programs. */
  remedy?: Remedy;
  /** ms since the epoch; missing where the device can't even be opened. */
  triedAtMs?: number;
  /** Until when a "no" holds; missing: until the host restarts. */
  untilMs?: number;
}

export interface Accelerator {
  name: AcceleratorName;
  reason: string;
  cure?: string;
  remedy?: Remedy;
}

/** What a verdict holds for: after another boot of the host, with another QEMU or kernel, KVM is tried again. */
export interface VerdictIdentity {
  vmmBuild: string;
  assetsDigest: string;
}

export interface Question {
  choice: 'auto' | 'kvm' | 'tcg';
  /** Tries KVM whatever is known; the caller reports the result. */
  anew?: boolean;
}

/** Runs a machine with KVM within the deadlines; rejects with what it saw. */
export type TryKvm = (deadlines: typeof KVM_DEADLINES) => Promise<void>;

/** How the answer is found. */
export interface Means {
  identity: () => Promise<VerdictIdentity>;
  tryKvm: TryKvm;
  /** One process of the home at a time: others wait, and take over what it has found. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  onNotice: (message: string) => void;
}

/**
 * `auto` takes KVM where it works, else emulation; `kvm` insists, and does not take a known "no" for an answer.
 * @throws accelerator when `kvm` is asked for and does not work
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

/** What of a verdict says how to make KVM work. */
function wayOut({ cure, remedy }: Pick<Verdict, 'cure' | 'remedy'>) {
  return { ...(cure !== undefined && { cure }), ...(remedy !== undefined && { remedy }) };
}

/** What is known of KVM, for `info`: nothing is tried. @param identity missing where nothing could be tried */
export async function knownVerdict(
  home: Home,
  identity: VerdictIdentity | undefined,
): Promise<Verdict | undefined> {
  return againstDevice(kvmDeviceFault()) ?? (identity && (await storedVerdict(home, identity)));
}

async function judge(home: Home, question: Question, means: Means): Promise<Verdict> {
  const { choice, anew = false } = question;
  const fault = kvmDeviceFault();
  if (fault?.cure !== undefined && choice === 'auto' && !anew)
    await noticeOnce(home, fault, means.onNotice);
  const unopened = againstDevice(fault);
  if (unopened) return unopened;
  const identity = await means.identity();
  const known = await storedVerdict(home, identity);
  if (known && !anew && (known.works || (choice === 'auto' && holds(known)))) return known;
  return means.exclusively(async () => {
    const latest = await storedVerdict(home, identity);
    // Another process has tried it while we waited.
    if (latest && latest.triedAtMs !== known?.triedAtMs) return latest;
    return probe(home, question, { identity, before: latest }, means);
  });
}

const againstDevice = (fault: DeviceFault | undefined): Verdict | undefined =>
  fault && { works: false, ...fault };

/** After a clock was set back, the answer is dated in the future: it does not hold. */
function holds({ triedAtMs = 0, untilMs = Infinity }: Verdict): boolean {
  return triedAtMs <= Date.now() && Date.now() < untilMs;
}

async function probe(
  home: Home,
  { choice, anew = false }: Question,
  { identity, before }: { identity: VerdictIdentity; before: Verdict | undefined },
  { tryKvm, onNotice }: Means,
): Promise<Verdict> {
  if (!anew) onNotice('trying whether KVM works here');
  let verdict: Verdict;
  try {
    await tryKvm(KVM_DEADLINES);
    verdict = { works: true, reason: 'KVM boots', triedAtMs: Date.now() };
  } catch (error) {
    // A fault that has nothing to do with KVM must not be remembered as KVM's.
    if (!isMachineFailure(error)) throw error;
    verdict = against(error, before);
    if (!anew && choice === 'auto') onNotice(`boxes run by emulation: ${verdict.reason}`);
  }
  await store(home, { ...verdict, ...keyOf(identity) });
  return verdict;
}

/** A machine did not come up, for a reason that may be its accelerator; the jail around it is made before. */
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
  // A VMM that gave up by itself will do so again. A deadline, lack of memory and another hypervisor pass.
  const isFinal =
    error.code === 'vmm-failed' && error.stage === 'vmm' && !PASSING.test(error.message);
  return isFinal ? verdict : { ...verdict, untilMs: triedAtMs + nextDoubtMs(before) };
}

function nextDoubtMs(before: Verdict | undefined): number {
  if (before?.triedAtMs === undefined || before.untilMs === undefined) return FIRST_DOUBT_MS;
  const lastMs = before.untilMs - before.triedAtMs;
  // One that was tried before its time is no confirmation.
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
  // One without its time is of an older BoxLite, which took a template for a proof.
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

/** That boxes could be faster is worth a line for each boot of the host, not for each start. */
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

/** What failed, and the first thing the VMM said of it. */
function oneLine(message: string): string {
  return message
    .split('\n')
    .slice(0, 2)
    .map((line) => line.replace(/^[\s|]+/, ''))
    .join('; ');
}
