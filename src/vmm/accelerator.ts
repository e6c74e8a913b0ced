import { accessSync, constants, readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BoxliteError, fileError } from '../errors.js';
import type { Home } from '../home.js';
import type { AcceleratorName } from './driver.js';
import { writeFileWhole } from './write-file-whole.js';

/**
 * That /dev/kvm opens proves nothing: under a paravirtual KVM it opens, makes VMs, and no stock
 * kernel boots in them. So KVM counts as working when a machine has really booted with it.
 */
export const KVM_DEADLINES = {
  /** Until the first byte on the console. */
  firstSignMs: 5_000,
  /** Until the guest agent is ready; a nested KVM works but is slow. */
  readyMs: 30_000,
} as const;

export interface Verdict {
  works: boolean;
  /** One line, for `info` and the notice. */
  reason: string;
}

export interface Accelerator {
  name: AcceleratorName;
  reason: string;
}

/** What a verdict holds for: another boot of the host, QEMU or kernel asks anew. */
export interface VerdictIdentity {
  vmmBuild: string;
  assetsDigest: string;
}

/** Boots a machine with KVM within the deadlines; rejects with what it saw. */
export type TryKvm = (deadlines: typeof KVM_DEADLINES) => Promise<void>;

/**
 * `auto` takes KVM where it works, else emulation; `kvm` insists.
 * @param onNotice told once, when KVM was tried anew and failed
 * @throws accelerator when `kvm` is asked for and does not work
 */
export async function chooseAccelerator(
  home: Home,
  choice: 'auto' | 'kvm' | 'tcg',
  identity: VerdictIdentity,
  tryKvm: TryKvm,
  onNotice: (message: string) => void,
): Promise<Accelerator> {
  if (choice === 'tcg') return { name: 'tcg', reason: 'asked for' };
  const verdict =
    kvmDeviceFault() ??
    (await cachedVerdict(home, identity)) ??
    (await probe(home, identity, tryKvm, onNotice));
  if (verdict.works) return { name: 'kvm', reason: verdict.reason };
  if (choice === 'kvm')
    throw new BoxliteError('accelerator', `KVM does not work on this machine: ${verdict.reason}`, {
      hint: 'leave out --accel kvm to run by emulation',
    });
  return { name: 'tcg', reason: verdict.reason };
}

/** The stored verdict, for `info`: nothing is tried. */
export async function knownVerdict(
  home: Home,
  identity: VerdictIdentity,
): Promise<Verdict | undefined> {
  return kvmDeviceFault() ?? (await cachedVerdict(home, identity));
}

function kvmDeviceFault(): Verdict | undefined {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return {
      works: false,
      reason: missing
        ? 'there is no /dev/kvm'
        : '/dev/kvm is not accessible to this user (is it in the group kvm?)',
    };
  }
}

async function probe(
  home: Home,
  identity: VerdictIdentity,
  tryKvm: TryKvm,
  onNotice: (message: string) => void,
): Promise<Verdict> {
  onNotice('trying whether KVM boots here (once)');
  let verdict: Verdict;
  try {
    await tryKvm(KVM_DEADLINES);
    verdict = { works: true, reason: 'KVM boots' };
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    // A fault that has nothing to do with KVM must not be remembered as KVM's.
    if (!['boot-failed', 'vmm-failed', 'timeout'].includes(error.code)) throw error;
    verdict = {
      works: false,
      reason: `/dev/kvm opens, but no machine boots with it (${oneLine(error.message)})`,
    };
    onNotice(`boxes run by emulation: ${verdict.reason}`);
  }
  await store(home, { ...verdict, ...keyOf(identity) });
  return verdict;
}

interface StoredVerdict extends Verdict, VerdictIdentity {
  bootId: string;
}

function keyOf(identity: VerdictIdentity): VerdictIdentity & { bootId: string } {
  return { ...identity, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() };
}

async function cachedVerdict(home: Home, identity: VerdictIdentity): Promise<Verdict | undefined> {
  const stored = await readStored(home);
  const key = keyOf(identity);
  const same =
    stored.bootId === key.bootId &&
    stored.vmmBuild === key.vmmBuild &&
    stored.assetsDigest === key.assetsDigest;
  if (!same || typeof stored.works !== 'boolean' || typeof stored.reason !== 'string')
    return undefined;
  return { works: stored.works, reason: stored.reason };
}

/** Nothing when nobody has asked yet, or what is there can't be understood: asking again is safe. */
async function readStored(home: Home): Promise<Partial<Record<keyof StoredVerdict, unknown>>> {
  try {
    const stored: unknown = JSON.parse(await readFile(home.accelerators(), 'utf8'));
    return typeof stored === 'object' && stored !== null ? stored : {};
  } catch {
    return {};
  }
}

async function store(home: Home, verdict: StoredVerdict): Promise<void> {
  const path = home.accelerators();
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileError(error, `create ${dirname(path)}`);
  }
  await writeFileWhole(path, `${JSON.stringify(verdict, null, 2)}\n`);
}

/** What failed, and the first thing the VMM said of it. */
function oneLine(message: string): string {
  return message
    .split('\n')
    .slice(0, 2)
    .map((line) => line.replace(/^[\s|]+/, ''))
    .join('; ');
}
