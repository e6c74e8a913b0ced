/** Milliseconds that each stage of a box's last start took, in their order. */
export interface StartTimings {
  /** Until the image and the template are found and the box's disk is made. */
  prepareMs?: number;
  /** Until the shim runs and has started the VMM. */
  shimMs?: number;
  /** Until the VMM answers. In a cold boot this is part of `bootMs`. */
  vmmMs?: number;
  /** Until the template's state is loaded. */
  restoreMs?: number;
  /** In place of `restoreMs`: until the guest's agent is ready. */
  bootMs?: number;
  /** Until the machine has become this box; `guest` has the guest's own breakdown. */
  bootstrapMs?: number;
  guest?: { identityMs?: number; disksMs?: number; networkMs?: number };
  /** Until the command runs. */
  execMs?: number;
  totalMs?: number;
}

const STAGES = [
  'prepareMs',
  'shimMs',
  'vmmMs',
  'restoreMs',
  'bootMs',
  'bootstrapMs',
  'execMs',
  'totalMs',
] as const;
const GUEST_STAGES = ['identityMs', 'disksMs', 'networkMs'] as const;

/** Reads the stored form; stages that an older BoxLite did not measure are missing. */
export function startTimings(stored: unknown): StartTimings | undefined {
  if (!isObject(stored)) return undefined;
  const guest = isObject(stored.guest) ? numbers(stored.guest, GUEST_STAGES) : undefined;
  return { ...numbers(stored, STAGES), ...(guest && { guest }) };
}

/** From the VMM's start until the machine was ready to become the box. */
export function guestBootDurationMs(timings: StartTimings | undefined): number | undefined {
  const { vmmMs = 0, restoreMs, bootMs } = timings ?? {};
  if (bootMs !== undefined) return bootMs;
  return restoreMs === undefined ? undefined : Math.round((vmmMs + restoreMs) * 10) / 10;
}

function numbers<K extends string>(from: Record<string, unknown>, names: readonly K[]) {
  const found = names.flatMap((name) => {
    const value = from[name];
    return typeof value === 'number' && Number.isFinite(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found) as Partial<Record<K, number>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
