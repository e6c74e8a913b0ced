import type { MessageTable } from './field.js';
import { NET_LINK, NET_POLICY, NET_RATES, PUBLISHED_PORT } from './shim-config.js';

/** The shim's phase, in `welcome`. */
export const SHIM_PHASES = { STARTING: 1, RUNNING: 2, EXITED: 3, PAUSED: 4 } as const;

/** In place of a delay: the shim does not run `on_exit`. */
export const NO_ON_EXIT = 4_294_967_295;

/** Milliseconds of a restart policy's delays; each is twice the one before. */
export const RESTART_DELAYS = {
  FIRST_MS: 100,
  LONGEST_MS: 60_000,
  /** After a run this long, the delays start again from the first. */
  LONG_RUN_MS: 10_000,
} as const;

/** Between a client and the shim; none of them reaches the guest. */
export const SHIM_MESSAGES = {
  /** Client → shim, session 1: send me main's output from now on, and pass my stdin to it. */
  attach: { type: 0x81, fields: [] },
  /** Client → shim: kill the VMM now. */
  killVmm: { type: 0x82, fields: [] },
  /** Client → shim: I record the exit myself; run `on_exit` only if I leave without `exitHandled`. */
  ownExit: { type: 0x83, fields: [] },
  exitHandled: { type: 0x84, fields: [] },
  /** Client → shim: stop the VMM's processors. The answer is `welcome` with the phase, or `refused`. */
  pause: { type: 0x85, fields: [] },
  resume: { type: 0x86, fields: [] },
  /** Client → shim: the configuration's `exitDelayMs`, for a box whose policy has changed. */
  exitDelay: { type: 0x87, fields: [['delayMs', 'u32']] },
  /**
   * Client → shim: what the box may reach from now on, and its ports. Each has a session number of its own, which
   * `netDone` or `refused` bears.
   */
  netPolicy: { type: 0x88, fields: NET_POLICY },
  netPublish: { type: 0x89, fields: PUBLISHED_PORT },
  netUnpublish: { type: 0x8a, fields: PUBLISHED_PORT },
  /** The same of its named networks; the guest's addresses are not the shim's business. */
  netConnect: { type: 0x8b, fields: NET_LINK },
  netDisconnect: { type: 0x8c, fields: [['network', 'bytes']] },
  netRates: { type: 0x8d, fields: NET_RATES },
  /** Shim → client, first frame of a connection; again to all when the box is paused or resumed. */
  welcome: {
    type: 0xc1,
    fields: [
      ['generation', 'u32'],
      ['phase', 'u32'], // SHIM_PHASES
      ['shimPid', 'u32'],
      ['vmmPid', 'u32'],
      ['box', 'bytes'],
    ],
  },
  /** Shim → client: this frame could not be taken (unknown session, too many, box is ending). */
  refused: {
    type: 0xc2,
    fields: [
      ['errno', 'u32'],
      ['message', 'bytes'],
    ],
  },
  /** Shim → client, last frame: the VMM has ended and the records are on disk. */
  gone: { type: 0xc3, fields: [] },
  /** Shim → client: it is done; the number of a published port of the host, else 0. */
  netDone: { type: 0xc4, fields: [['port', 'u32']] },
} as const satisfies MessageTable;
