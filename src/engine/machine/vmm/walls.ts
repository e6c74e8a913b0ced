import { WALLS } from '../../../agent/protocol.js';
import { type IsolationPolicy, SecurityOptions } from '../../spec/security.js';

/** The walls around a VMM and its shim that a host may refuse, as bits of `WALLS`. */
export interface VmmWalls {
  wanted: number;
  /** Without one of these the VMM does not start. */
  needed: number;
}

/** Boxes of an earlier BoxLite say nothing of a control group. */
type Stored = Omit<SecurityOptions, 'vmmCgroup'> & Partial<SecurityOptions>;

export function wallsOf(security: Stored = SecurityOptions.standard()): VmmWalls {
  const { vmmNamespaces, vmmLandlock, vmmSandbox, vmmCgroup = 'try' } = security;
  const ruled: readonly (readonly [walls: number, policy: IsolationPolicy])[] = [
    [WALLS.NAMESPACES | WALLS.ROOT, vmmNamespaces],
    [WALLS.LANDLOCK | WALLS.SHIM_LANDLOCK, vmmLandlock],
    [WALLS.CALLS | WALLS.SHIM_CALLS, vmmSandbox ? 'require' : 'off'],
    [WALLS.CGROUP, vmmCgroup],
  ];
  const those = (...policies: IsolationPolicy[]): number =>
    ruled
      .filter(([, policy]) => policies.includes(policy))
      .reduce((bits, [walls]) => bits | walls, 0);
  return { wanted: those('try', 'require'), needed: those('require') };
}

/** Their names in reports. */
export const wallNames = (bits: number): string[] =>
  Object.entries(WALLS)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name.toLowerCase().replace('_', '-'));
