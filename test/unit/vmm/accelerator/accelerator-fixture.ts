import { BoxliteError } from '../../../../src/errors.js';
import type { Home } from '../../../../src/host/home.js';
import {
  type Accelerator,
  chooseAccelerator,
  KVM_DEADLINES,
  type TryKvm,
} from '../../../../src/vmm/accelerator/accelerator.js';

export const IDENTITY = { vmmBuild: 'qemu 7.2 build 1', assetsDigest: 'abc' };
export const BOOT_ID = '11111111-2222-3333-4444-555555555555';
export const NOW = Date.parse('2026-01-01T12:00:00Z');
export const MINUTE = 60_000;

export const boots: TryKvm = () => Promise.resolve();
export const fails =
  (code: 'timeout' | 'boot-failed' | 'vmm-failed', said: string): TryKvm =>
  () =>
    Promise.reject(
      new BoxliteError(code, `it did not come up\n  | ${said}\n  | more`, { stage: 'vmm' }),
    );
export const hangs = fails('timeout', 'qemu: KVM internal error');
export const isNone = fails('vmm-failed', 'ioctl(KVM_CREATE_VM) failed: 25');

/** Why KVM is passed over after `hangs`. */
export const FAULT =
  '/dev/kvm opens, but no machine runs with it (it did not come up; qemu: KVM internal error)';
export const CURE = 'end other hypervisors (VirtualBox, VMware), and have KVM tried again';
export const AGAINST = { name: 'tcg', reason: FAULT, cure: CURE, remedy: { action: 'doctor' } };

interface Asked {
  answer: Promise<Accelerator>;
  /** The deadlines of each try. */
  tried: unknown[];
  notices: string[];
}

interface Options {
  choice?: 'auto' | 'kvm' | 'tcg';
  recheck?: boolean;
  tryKvm?: TryKvm;
  identity?: typeof IDENTITY;
}

export function ask(
  home: Home,
  { choice = 'auto', recheck = false, tryKvm = boots, identity = IDENTITY }: Options,
): Asked {
  const tried: unknown[] = [];
  const notices: string[] = [];
  const means = {
    identity: () => Promise.resolve(identity),
    tryKvm: (deadlines: typeof KVM_DEADLINES) => {
      tried.push(deadlines);
      return tryKvm(deadlines);
    },
    exclusively,
    onNotice: (message: string) => void notices.push(message),
  };
  return { answer: chooseAccelerator(home, { choice, recheck }, means), tried, notices };
}

export async function told(home: Home, options: Options): Promise<Asked> {
  const asked = ask(home, options);
  await asked.answer;
  return asked;
}

/** How often an ordinary start has KVM tried. */
export async function triedBy(home: Home, tryKvm: TryKvm): Promise<number> {
  return (await told(home, { tryKvm })).tried.length;
}

/** One after another, as a lock has it. */
let last: Promise<unknown> = Promise.resolve();
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}

/** What a stored verdict holds besides. */
export function stored(): object {
  return { ...IDENTITY, bootId: BOOT_ID };
}
