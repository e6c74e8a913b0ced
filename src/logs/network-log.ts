/** The log of what a box's network has decided; native/shim/requests/decisions.c writes it. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../errors.js';
import { NETWORK_LOGS } from '../host/home.js';
import { withoutActing } from '../terminal-text.js';
import { LogWatch } from './log-watch.js';

/** One decision on something that the box began. */
export interface NetworkLogEntry {
  time: Date;
  allowed: boolean;
  protocol: 'tcp' | 'udp' | 'icmp';
  address: string;
  /** 0 for ICMP. */
  port: number;
  /** That the box had asked for, if a rule of names decided. */
  name?: string;
  /** The rule that decided; missing: what is reached without one. */
  rule?: string;
  /** Decisions before this one that were not logged, because there were too many. */
  leftOut: number;
}

export interface ReadNetworkLogOptions {
  /** Begin with this many last entries. */
  tail?: number;
  /** Continue until this settles: the box has ended. */
  follow?: Promise<unknown>;
}

/**
 * What is logged, oldest first. Only the last two files are kept, so a reader that is slower than the box loses some.
 * @param directory the box's
 * @throws `permission` when it can't be read or watched
 */
export async function* readNetworkLog(
  directory: string,
  { tail, follow }: ReadNetworkLogOptions = {},
): AsyncGenerator<NetworkLogEntry, void, undefined> {
  const [current, earlier] = NETWORK_LOGS.map((name) => join(directory, name)) as [string, string];
  const watch =
    follow && new LogWatch(directory, follow, (name) => name.startsWith(NETWORK_LOGS[0]));
  let file: OpenLog | undefined;
  try {
    file = await openLog(current);
    const present = [...(await readAll(earlier)), ...((await file?.entries()) ?? [])];
    yield* tail === undefined ? present : tail === 0 ? [] : present.slice(-tail);
    while (watch !== undefined) {
      const turn = watch.turn();
      const next = await openLog(current);
      if (file !== undefined) yield* await file.entries();
      if (next !== undefined && next.inode !== file?.inode) {
        await file?.handle.close();
        file = next;
        yield* await file.entries();
      } else await next?.handle.close();
      if (turn.last) return;
      await turn.changed;
    }
  } finally {
    watch?.close();
    await file?.handle.close();
  }
}

interface OpenLog {
  handle: FileHandle;
  inode: number;
  /** The whole lines since the last call. */
  entries(): Promise<NetworkLogEntry[]>;
}

async function openLog(path: string): Promise<OpenLog | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fileError(error, `read ${path}`);
  }
  let at = 0;
  const entries = async (): Promise<NetworkLogEntry[]> => {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(size - at, 0));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    const whole = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1);
    at += whole.length;
    return whole.toString('utf8').split('\n').flatMap(parseEntry);
  };
  return { handle, inode: (await handle.stat()).ino, entries };
}

async function readAll(path: string): Promise<NetworkLogEntry[]> {
  const file = await openLog(path);
  try {
    return (await file?.entries()) ?? [];
  } finally {
    await file?.handle.close();
  }
}

/** A line that a full disk has spoiled is left out. */
function parseEntry(line: string): NetworkLogEntry[] {
  let values: Record<string, unknown>;
  try {
    values = Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    return [];
  }
  const time = new Date(text(values.at));
  const protocol = text(values.protocol);
  if (Number.isNaN(time.getTime()) || !isProtocol(protocol)) return [];
  const [name, rule] = [text(values.name), text(values.rule)];
  return [
    {
      time,
      allowed: values.allowed === true,
      protocol,
      address: text(values.address),
      port: number(values.port),
      ...(name !== '' && { name }),
      ...(rule !== '' && { rule }),
      leftOut: number(values.leftOut),
    },
  ];
}

const isProtocol = (value: string): value is NetworkLogEntry['protocol'] =>
  value === 'tcp' || value === 'udp' || value === 'icmp';

/** Names come from the guest: they must not control a terminal. */
const text = (value: unknown): string =>
  typeof value === 'string' ? withoutActing(value, '�') : '';
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
