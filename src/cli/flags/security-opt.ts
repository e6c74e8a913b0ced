import type { SecurityOptions } from '../../engine/spec/security.js';
import { BoxliteError } from '../../errors.js';
import { FLAG_WORDS, TRUE_WORDS } from '../parse/command.js';

/** The settings of a box's processes that one `--security-opt` makes. */
export type SecurityOpt = Partial<
  Pick<SecurityOptions, 'seccomp' | 'noNewPrivileges' | 'maskedPaths'>
>;

/** The options that completion offers; Docker knows each of them. */
export const SECURITY_OPTS = [
  ...['no-new-privileges', 'seccomp=builtin', 'seccomp=unconfined', 'systempaths=unconfined'],
  ...['apparmor=unconfined', 'label=disable'],
];

/** These turn off features that no box has. */
const NOTHING = ['apparmor=unconfined', 'label=disable', 'writable-cgroups=false'];

/** Docker's other options, which BoxLite refuses. */
const REFUSED: Readonly<Record<string, string>> = {
  apparmor: 'the kernel of a box has no AppArmor profiles: leave it out',
  label: 'the kernel of a box has no SELinux labels: leave it out',
  'writable-cgroups': 'the groups of a --privileged box can be written to',
};

/**
 * `no-new-privileges`, or a key and its value separated by `=` or `:`. The messages are Docker's.
 * @throws unsupported for an option that only Docker accepts
 */
export function parseSecurityOpt(text: string): SecurityOpt {
  if (text === 'no-new-privileges') return { noNewPrivileges: true };
  const [, key = '', value = ''] =
    /^([^=]*)=(.*)$/s.exec(text) ?? /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (key === 'no-new-privileges' && FLAG_WORDS.includes(value))
    return { noNewPrivileges: TRUE_WORDS.has(value) };
  if (key === 'seccomp' && value !== '') return { seccomp: isBuiltIn(value) };
  if (NOTHING.includes(`${key}=${value}`)) return {};
  if (key === 'systempaths' && value === 'unconfined') return { maskedPaths: false };
  if (Object.hasOwn(REFUSED, key) && value !== '')
    throw new BoxliteError('unsupported', REFUSED[key] ?? '');
  throw new BoxliteError('invalid-argument', `invalid --security-opt: "${text}"`);
}

function isBuiltIn(profile: string): boolean {
  if (profile === 'builtin') return true;
  if (profile === 'unconfined') return false;
  throw new BoxliteError(
    'unsupported',
    'a box has no profile but the built-in one, which goes by --cap-add: seccomp=builtin or seccomp=unconfined',
  );
}
