/** Milliseconds that each stage of a box's last start took, in their order. */
export interface StartTimings {
  /** Image and template found, the box's disk made. */
  prepareMs?: number;
  /** The shim runs, and has started the VMM. */
  shimMs?: number;
  /** The VMM answers. Of a cold boot it is part of `bootMs`. */
  vmmMs?: number;
  /** The template's state is loaded. */
  restoreMs?: number;
  /** In place of the restore: until the guest's agent was ready. */
  bootMs?: number;
  /** The machine has become this box; the guest's own split of it is `guest`. */
  bootstrapMs?: number;
  guest?: { identityMs?: number; disksMs?: number; networkMs?: number };
  /** The command runs. */
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

/** The stored form, back; a stage that an older BoxLite did not measure is missing. */
export function startTimings(stored: unknown): StartTimings | undefined {
  if (!isObject(stored)) return undefined;
  const guest = isObject(stored.guest) ? numbers(stored.guest, GUEST_STAGES) : undefined;
  return { ...numbers(stored, STAGES), ...(guest && { guest }) };
}

/** From the VMM's start until a machine stood ready to become the box. */
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
