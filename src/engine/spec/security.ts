import { BoxliteError } from '../../errors.js';
import type { NetworkName } from './network/policy.js';
import type { BoxOptions } from './options.js';

/** How to treat a layer of isolation that this host may not allow. */
export type IsolationPolicy = 'off' | 'try' | 'require';

/**
 * What isolates a box in addition to the virtual machine, and what the box's processes may do. Plain values:
 * copy a preset and change what should differ.
 *
 * ```ts
 * { security: { ...SecurityOptions.maximum(), network: 'default' } }
 * ```
 *
 * No preset turns these off: the VMM gains no privileges, has resource limits, gets only the files of its own
 * box and no keys of the caller, and ends with its supervisor.
 */
export interface SecurityOptions {
  /**
   * Filters of system calls beyond those that each VMM has: QEMU's own, by which it starts no program, gains no
   * privilege and changes no limit; and, before its guest runs, a list of the calls that it still needs. Its shim,
   * too, keeps only the calls and the capabilities that it still needs.
   */
  vmmSandbox: boolean;
  /**
   * Each box's VMM runs as a separate user, who owns nothing. Only root can do this: otherwise `try` runs it
   * as the caller, and `require` refuses to start the box.
   */
  vmmUser: IsolationPolicy;
  /**
   * The VMM sees nothing of the host: it has namespaces of its own, a network without a device among them, and
   * a root directory with QEMU's own files and the box's volumes only. Root can create them; others only where
   * the host allows user namespaces. Its guest's network is boxlite-net in any case, or nothing.
   */
  vmmNamespaces: IsolationPolicy;
  /**
   * The kernel lets the VMM open the same files only (Landlock, Linux 5.19), and with newer kernels connect to
   * nothing and signal nobody. Where the host refuses namespaces, this is what keeps it from files. Its shim may
   * open the files of its box's directory only.
   */
  vmmLandlock: IsolationPolicy;
  /**
   * The VMM has a control group of its own (version 2), which bounds its memory and its threads, and shares
   * processor and disks out among the boxes. Root can make one; others only below a group that is theirs, as those
   * of systemd's user manager are. Where the host gives none, resource limits bound the same things less closely.
   */
  vmmCgroup: IsolationPolicy;
  /** The network if `BoxOptions.network` is missing. */
  network: NetworkName;
  /**
   * Capabilities to drop from Docker's fourteen; `['ALL']` for all of them. `BoxOptions.capAdd` still adds
   * its own.
   */
  capDrop: string[];
  /**
   * Filter the system calls of the box's processes as Docker's default profile does: calls with a large
   * attack surface need the matching capability. A privileged box has no filter.
   */
  seccomp: boolean;
  /**
   * Hide, or make read-only, the files of /proc and /sys that reveal or change the kernel, as in Docker. Does
   * not apply to a privileged box.
   */
  maskedPaths: boolean;
  /** Neither set-user-ID programs nor file capabilities raise the privileges of the box's processes. */
  noNewPrivileges: boolean;
}

export type SecurityPreset = 'development' | 'standard' | 'maximum';

/** Those that a host may refuse. */
const LAYERS = ['vmmUser', 'vmmNamespaces', 'vmmLandlock', 'vmmCgroup'] as const;

/** The presets; each call returns a new object. */
export const SecurityOptions = {
  /** For inspecting a running VMM: it can be traced as the caller's own process, and QEMU filters no call. */
  development(): SecurityOptions {
    return {
      ...SecurityOptions.standard(),
      vmmSandbox: false,
      vmmUser: 'off',
      vmmNamespaces: 'off',
      vmmLandlock: 'off',
      vmmCgroup: 'off',
    };
  },
  /** The default: all isolation that the host allows, and Docker's capabilities and filter. */
  standard(): SecurityOptions {
    return {
      vmmSandbox: true,
      vmmUser: 'try',
      vmmNamespaces: 'try',
      vmmLandlock: 'try',
      vmmCgroup: 'try',
      network: 'default',
      capDrop: [],
      seccomp: true,
      maskedPaths: true,
      noNewPrivileges: false,
    };
  },
  /**
   * For untrusted code: full isolation, or the box does not start; no network; no capability that reaches
   * beyond a process's own files and users; and no privileges or users from program files.
   */
  maximum(): SecurityOptions {
    const capDrop = ['NET_RAW', 'MKNOD', 'SYS_CHROOT', 'SETFCAP', 'AUDIT_WRITE', 'SETPCAP'];
    return {
      vmmSandbox: true,
      vmmUser: 'require',
      vmmNamespaces: 'require',
      vmmLandlock: 'try',
      vmmCgroup: 'try',
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
  for (const layer of LAYERS)
    if (!['off', 'try', 'require'].includes(settled[layer]))
      throw new BoxliteError('invalid-argument', `${layer} can't be "${settled[layer]}"`, {
        hint: 'use off, try or require',
      });
  return settled;
}

/** The options, with values from their security where they have none themselves. @throws invalid-argument */
export function withSecurity(options: BoxOptions): BoxOptions {
  const security = settleSecurity(options.security);
  const named = (options.networks ?? []).length > 0;
  return {
    ...options,
    security,
    network: options.network ?? (named ? 'default' : security.network),
    capDrop: [...security.capDrop, ...(options.capDrop ?? [])],
  };
}
