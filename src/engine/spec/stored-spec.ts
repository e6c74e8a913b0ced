import { BoxliteError } from '../../errors.js';
import type { BoxSpec } from './box-spec.js';
import { NO_RESTART, type RestartPolicy } from './restart-policy.js';
import { SecurityOptions } from './security.js';

/** Fields that every version stores, with their types. */
const FIELDS = {
  ...{ cpus: 'number', memoryMib: 'number', diskBytes: 'number', stopSignal: 'number' },
  ...{ workingDir: 'string', user: 'string', hostname: 'string' },
  ...{ tty: 'boolean', stdin: 'boolean', network: 'boolean', readOnlyRoot: 'boolean' },
} as const satisfies Partial<Record<keyof BoxSpec, string>>;
const LISTS = ['argv', 'env', 'diffIds'] as const satisfies (keyof BoxSpec)[];

/**
 * Reads the stored form that `settleSpec` of this or an older version made.
 * @throws store-corrupt for anything else
 */
export function specOf(stored: unknown): BoxSpec {
  if (typeof stored !== 'object' || stored === null) throw corrupt('options');
  const values = stored as Record<string, unknown>;
  for (const [name, type] of Object.entries(FIELDS))
    if (typeof values[name] !== type) throw corrupt(name);
  for (const name of LISTS) if (!isListOfStrings(values[name])) throw corrupt(name);
  const spec = { volumes: [], tmpfs: [], ...stored } as unknown as BoxSpec;
  // Older versions stored a single name server.
  if (spec.dns !== undefined) spec.dns = [spec.dns].flat();
  if (spec.security) spec.security = completed(spec.security);
  return spec;
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function corrupt(what: string): BoxliteError {
  return new BoxliteError('store-corrupt', `the database holds a box without its ${what}`, {
    hint: 'remove it with --force, and create it again',
  });
}

/** For a box created before these layers existed, `vmmUser` decides. */
function completed(
  stored: Pick<SecurityOptions, 'vmmUser'> & Partial<SecurityOptions>,
): SecurityOptions {
  const { vmmUser, vmmNamespaces = vmmUser } = stored;
  const vmmLandlock = vmmNamespaces === 'off' ? 'off' : 'try';
  return { ...SecurityOptions.standard(), vmmNamespaces, vmmLandlock, ...stored };
}

/** The policy of a stored spec; older boxes have none. */
export function restartPolicyOf(stored: unknown): RestartPolicy {
  return specOf(stored).restart ?? NO_RESTART;
}
