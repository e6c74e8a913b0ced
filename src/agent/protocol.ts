/**
 * The protocol between engine, shim and guest agent: its only source, one file for each family of messages.
 * native/protocol/protocol.h and the golden messages in native/protocol/vectors/ are generated from it.
 *
 * A stream is a sequence of frames, little-endian throughout:
 *
 *     u32 payload length · u32 session · u8 type · u8 flags · u16 0 · payload
 *
 * Session 0 is control, session 1 the box's command (its PID 1, "main"), all others are exec sessions. A
 * client of the shim numbers its own sessions (2 …); the shim maps them to numbers that are unique in the
 * box. Main's output goes to the log and to every client that sent `attach`.
 *
 * Payloads are fields in the order of their table: fixed-width integers, and length-prefixed (u32) bytes.
 * `raw` payloads are bytes without a length.
 *
 * Flow control: in each direction a session may have `WINDOW` bytes on the way; the receiver returns `credit`
 * as it consumes. stdout and stderr of a session share one window.
 */

import { BOX_MESSAGES } from './protocol/box.js';
import { HEALTH_MESSAGES } from './protocol/health.js';
import { NOTIFY_MESSAGES } from './protocol/notify.js';
import { SESSION_MESSAGES } from './protocol/session.js';
import { SHIM_MESSAGES } from './protocol/shim.js';
import { STATS_MESSAGES } from './protocol/stats.js';

export * from './protocol/box.js';
export * from './protocol/copy.js';
export type { Field } from './protocol/field.js';
export * from './protocol/frame.js';
export * from './protocol/health.js';
export * from './protocol/notify.js';
export * from './protocol/session.js';
export * from './protocol/shim.js';
export * from './protocol/shim-config.js';
export * from './protocol/stats.js';

/** Frame types. 0x01–0x3f go to the guest, 0x40–0x7f come from it, 0x80–0xff stop at the shim. */
export const MESSAGES = {
  ...BOX_MESSAGES,
  ...SESSION_MESSAGES,
  ...HEALTH_MESSAGES,
  ...STATS_MESSAGES,
  ...NOTIFY_MESSAGES,
  ...SHIM_MESSAGES,
} as const;

export type MessageName = keyof typeof MESSAGES;
