import {
  ANY_DEVICE,
  BOX_FLAGS,
  COPY_EXITS,
  DEVICE_ACCESS,
  DEVICE_KINDS,
  EXEC_FLAGS,
  EXIT_FLAGS,
  type Field,
  FRAME_FLAGS,
  GENERATION,
  HEALTH_RECORD,
  HEALTH_RESULTS,
  HEALTH_STATUSES,
  IP_PROTOCOLS,
  LIMITS,
  MESSAGES,
  MOUNT_KINDS,
  NET_MODES,
  NET_RULES,
  NO_ON_EXIT,
  RESTART_DELAYS,
  SESSIONS,
  SHARE_FLAGS,
  SHIM_CONFIG,
  SHIM_FILE_FLAGS,
  SHIM_FLAGS,
  SHIM_PHASES,
  STAGES,
  STATS_FLAGS,
  WALLS,
} from '../agent/protocol.js';

/** Each group of constants and the prefix of its names in C. */
const GROUPS: readonly (readonly [prefix: string, constants: Readonly<Record<string, number>>])[] =
  [
    ['LIMIT', LIMITS],
    ['RESTART', RESTART_DELAYS],
    ['SESSION', SESSIONS],
    ['FLAG', FRAME_FLAGS],
    ['EXEC', EXEC_FLAGS],
    ['BOX', BOX_FLAGS],
    ['DEVICE', DEVICE_KINDS],
    ['DEVICE_ACCESS', DEVICE_ACCESS],
    ['EXIT', EXIT_FLAGS],
    ['COPY', COPY_EXITS],
    ['HEALTH', HEALTH_STATUSES],
    ['HEALTH_RESULT', HEALTH_RESULTS],
    ['STATS', STATS_FLAGS],
    ['STAGE', STAGES],
    ['MOUNT', MOUNT_KINDS],
    ['SHIM_PHASE', SHIM_PHASES],
    ['SHIM_FILE', SHIM_FILE_FLAGS],
    ['SHIM_FLAG', SHIM_FLAGS],
    ['WALL', WALLS],
    ['SHARE', SHARE_FLAGS],
    ['IP', IP_PROTOCOLS],
    ['NET_MODE', NET_MODES],
    ['NET_RULE', NET_RULES],
  ];

/**
 * The text of native/protocol/protocol.h: all constants of the protocol, and each field table as a comment.
 */
export function protocolHeader(): string {
  const sections = [
    `/* Written by src/build/generate.mjs from src/agent/protocol; change it there.
 * Frame: u32 payload length, u32 session, u8 type, u8 flags, u16 0, payload; little-endian. A list is
 * a u32 count and its items, bytes are a u32 length and that many bytes. */
#ifndef BOXLITE_PROTOCOL_H
#define BOXLITE_PROTOCOL_H
`,
    define('GENERATION', GENERATION),
    define('NO_ON_EXIT', NO_ON_EXIT),
    define('ANY_DEVICE', ANY_DEVICE),
    ...GROUPS.map(([prefix, constants]) => group(prefix, constants)),
    stageNames(),
    ...Object.entries(MESSAGES)
      .sort(([, a], [, b]) => a.type - b.type)
      .map(([name, message]) => messageType(name, message)),
    comment("The shim's configuration, on descriptor 3 after its u32 length:", SHIM_CONFIG),
    comment("The record of a box's health:", HEALTH_RECORD),
    '#endif\n',
  ];
  return sections.join('\n');
}

/** `killVmm` → `KILL_VMM` */
export function constantName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function group(prefix: string, constants: Readonly<Record<string, number>>): string {
  return Object.entries(constants)
    .map(([name, value]) => define(`${prefix}_${name}`, value))
    .join('');
}

function define(name: string, value: number): string {
  return `#define BL_${name} ${value}U\n`;
}

/** The stages by number, spelled as in messages and in boot-error.json. */
function stageNames(): string {
  const names = Object.entries(STAGES).map(
    ([name, value]) => `[${value}] = "${name.toLowerCase()}"`,
  );
  return `#define BL_STAGE_NAMES {${names.slice(0, 4).join(', ')}, \\\n    ${names.slice(4).join(', ')}}\n`;
}

function messageType(
  name: string,
  { type, fields }: { type: number; fields: 'raw' | readonly Field[] },
): string {
  const hex = `0x${type.toString(16).padStart(2, '0')}`;
  return `${comment(`${name}:`, fields)}#define BL_MSG_${constantName(name)} ${hex}U\n`;
}

function comment(title: string, fields: 'raw' | readonly Field[]): string {
  if (fields === 'raw') return `/* ${title} raw bytes */\n`;
  if (fields.length === 0) return `/* ${title} nothing */\n`;
  const lines = wrap(fields.map(fieldText), 96);
  return `/* ${title}\n${lines.map((line) => ` *   ${line}\n`).join('')} */\n`;
}

function fieldText([name, kind]: Field): string {
  if (typeof kind === 'string') return `${kind} ${name}`;
  return `list ${name} of (${kind.map(fieldText).join(', ')})`;
}

function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const longer = line === '' ? word : `${line}, ${word}`;
    if (longer.length > width) {
      lines.push(`${line},`);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
