import { BoxliteError, type Remedy } from '../errors.js';
import { decodeMessage } from './codec.js';
import { printable } from './failure.js';
import { GENERATION, SHIM_PHASES } from './protocol.js';

export type ShimPhase = (typeof SHIM_PHASES)[keyof typeof SHIM_PHASES];

export interface Greeting {
  phase: ShimPhase;
  shimPid: number;
  vmmPid: number;
  /** The box's id. */
  box: string;
}

/**
 * Reads the shim's first message. Every generation's welcome starts with the generation, so it is checked
 * before the rest is read.
 */
export function readWelcome(payload: Buffer, where: string): Greeting {
  requireGeneration(
    payload,
    `the shim of box ${where}`,
    'another BoxLite has started the box: start it again after you stop it',
    { action: 'stop', box: where },
  );
  const { phase, shimPid, vmmPid, box } = decodeMessage('welcome', payload);
  const known = Object.values(SHIM_PHASES).find((value) => value === phase);
  if (known === undefined)
    throw new BoxliteError('protocol', `the shim of box ${where} is in an unknown phase ${phase}`);
  return { phase: known, shimPid, vmmPid, box: printable(box) };
}

/** Whether two greetings come from the same shim and VMM, whatever the phase. */
export const isSameShim = (a: Greeting, b: Greeting): boolean =>
  a.box === b.box && a.shimPid === b.shimPid && a.vmmPid === b.vmmPid;

/** Reads the agent's first message, which says that it waits for bootstrap. */
export function readReady(payload: Buffer, where: string): { uptimeNs: bigint } {
  requireGeneration(payload, `the agent in box ${where}`, "renew the guest's files", {
    action: 'setup',
  });
  return { uptimeNs: decodeMessage('ready', payload).uptimeNs };
}

function requireGeneration(payload: Buffer, who: string, hint: string, remedy: Remedy): void {
  const theirs = payload.length >= 4 ? payload.readUInt32LE(0) : undefined;
  if (theirs === GENERATION || theirs === undefined) return;
  throw new BoxliteError(
    'protocol',
    `${who} speaks generation ${theirs} of the protocol, this BoxLite generation ${GENERATION}`,
    { hint, remedy },
  );
}
