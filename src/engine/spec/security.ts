import { BoxliteError } from '../../errors.js';
import type { BoxOptions } from './options.js';

/** What to do about an isolation that this host may not allow. */
export type WallPolicy = 'off' | 'try' | 'require';

/**
 * What isolates a box besides the virtual machine itself, and what its own processes may do. Plain
 * values: take a preset and change what should differ.
 *
 * ```ts
 * { security: { ...SecurityOptions.maximum(), network: 'default' } }
 * ```
 *
 * What no preset turns off: the VMM runs without new privileges, with limits, with no file but its own
 * box's, with no key of the caller's, and no longer than its supervisor.
 */
export interface SecurityOptions {
  /** QEMU's seccomp filter: the VMM starts no program, gains no privilege, changes no limit. */
  vmmSandbox: boolean;
  /**
   * The VMM runs as a user of its own, who owns nothing, another for each box. Only root can give it
   * one: `try` goes without where that can't be, `require` does not start the box.
   */
  vmmUser: WallPolicy;
  /**
   * The VMM of a box without a network has none either: an empty network namespace. Root can make one, others
   * where the host allows user namespaces. That QEMU itself lets nothing through does not depend on it.
   */
  vmmNamespaces: WallPolicy;
  /** What the box reaches when `BoxOptions.network` does not say. */
  network: 'default' | 'none';
  /**
   * Capabilities that the box's processes lack of Docker's fourteen; `['ALL']` for every one. Those of
   * `BoxOptions.capAdd` are given all the same.
   */
  capDrop: string[];
  /**
   * The filter of system calls that the box's processes have, as Docker's default profile: what opens
   * the kernel wide is refused, but to the capabilities that it is for. A privileged box has none.
   */
  seccomp: boolean;
  /**
   * The files of /proc and /sys by which the kernel is looked into and changed are hidden or read-only, as in Docker.
   * Those of a privileged box never are.
   */
  maskedPaths: boolean;
  /** Neither set-user-ID programs nor capabilities of files give the box's processes anything. */
  noNewPrivileges: boolean;
}

export type SecurityPreset = 'development' | 'standard' | 'maximum';

/** The presets, a new object each time. */
export const SecurityOptions = {
  /** To look into a VMM at work: it may be traced as the caller's own process, QEMU filters no call. */
  development(): SecurityOptions {
    return {
      ...SecurityOptions.standard(),
      vmmSandbox: false,
      vmmUser: 'off',
      vmmNamespaces: 'off',
    };
  },
  /** The default: all isolation that the host allows, and Docker's capabilities and filter. */
  standard(): SecurityOptions {
    return {
      vmmSandbox: true,
      vmmUser: 'try',
      vmmNamespaces: 'try',
      network: 'default',
      capDrop: [],
      seccomp: true,
      maskedPaths: true,
      noNewPrivileges: false,
    };
  },
  /**
   * For what is not trusted at all: full isolation, or the box does not start; no network; no
   * capability by which a process reaches below the files and users that are its own; and none, nor
   * any user, that a program's file brings with it.
   */
  maximum(): SecurityOptions {
    const capDrop = ['NET_RAW', 'MKNOD', 'SYS_CHROOT', 'SETFCAP', 'AUDIT_WRITE', 'SETPCAP'];
    return {
      vmmSandbox: true,
      vmmUser: 'require',
      vmmNamespaces: 'require',
      network: 'none',
      capDrop,
      seccomp: true,
      maskedPaths: true,
      noNewPrivileges: true,
    };
  },
} as const satisfies Record<SecurityPreset, () => SecurityOptions>;

/** A preset by name, or the options themselves. @throws invalid-argument */
export function settleSecurity(
  security: Partial<SecurityOptions> | SecurityPreset = 'standard',
): SecurityOptions {
  if (typeof security === 'string') {
    if (!Object.hasOwn(SecurityOptions, security))
      throw new BoxliteError('invalid-argument', `there is no security preset "${security}"`, {
        hint: `use one of ${Object.keys(SecurityOptions).join(', ')}`,
      });
    return SecurityOptions[security]();
  }
  const settled = { ...SecurityOptions.standard(), ...security };
  for (const layer of ['vmmUser', 'vmmNamespaces'] as const)
    if (!['off', 'try', 'require'].includes(settled[layer]))
      throw new BoxliteError('invalid-argument', `${layer} can't be "${settled[layer]}"`, {
        hint: 'use off, try or require',
      });
  return settled;
}

/** The options with what their security says where they themselves say nothing. @throws invalid-argument */
export function withSecurity(options: BoxOptions): BoxOptions {
  const security = settleSecurity(options.security);
  return {
    ...options,
    security,
    network: options.network ?? security.network,
    capDrop: [...security.capDrop, ...(options.capDrop ?? [])],
  };
}
