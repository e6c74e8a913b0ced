import { BoxliteError } from '../../errors.js';
import type { BoxSpec } from './box-spec.js';
import { NO_RESTART, type RestartPolicy } from './restart-policy.js';
import { SecurityOptions } from './security.js';

/** Fields that every version has stored, of these types. */
const FIELDS = {
  ...{ cpus: 'number', memoryMib: 'number', diskBytes: 'number', stopSignal: 'number' },
  ...{ workingDir: 'string', user: 'string', hostname: 'string' },
  ...{ tty: 'boolean', stdin: 'boolean', network: 'boolean', readOnlyRoot: 'boolean' },
} as const satisfies Partial<Record<keyof BoxSpec, string>>;
const LISTS = ['argv', 'env', 'diffIds'] as const satisfies (keyof BoxSpec)[];

/**
 * The stored form, back: what `settleSpec` made, now or in an older version.
 * @throws store-corrupt when it is something else
 */
export function specOf(stored: unknown): BoxSpec {
  if (typeof stored !== 'object' || stored === null) throw corrupt('options');
  const values = stored as Record<string, unknown>;
  for (const [name, type] of Object.entries(FIELDS))
    if (typeof values[name] !== type) throw corrupt(name);
  for (const name of LISTS) if (!isListOfStrings(values[name])) throw corrupt(name);
  const spec = { volumes: [], tmpfs: [], ...stored } as unknown as BoxSpec;
  // There was one name server at most.
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

/** A box that was made before its VMM's namespaces had a say is held to what it says of the VMM's user. */
function completed(
  stored: Pick<SecurityOptions, 'vmmUser'> & Partial<SecurityOptions>,
): SecurityOptions {
  return { ...SecurityOptions.standard(), vmmNamespaces: stored.vmmUser, ...stored };
}

/** Of a stored spec; those of older boxes have none. */
export function restartPolicyOf(stored: unknown): RestartPolicy {
  return specOf(stored).restart ?? NO_RESTART;
}
