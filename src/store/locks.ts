import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoxliteError } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/process-identity.js';
import type { Database } from './database.js';
import { integer, type Row, text } from './row.js';

export interface LockOptions {
  /** How long to wait for another holder; 0 tries once. */
  timeoutMs: number;
  /** Why it is held, for the message to those who wait: `start`, `remove`, … */
  purpose: string;
  signal?: AbortSignal;
}

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;

/** @throws BoxliteError `box-busy`, naming holder and purpose; `cancelled` by the signal */
export function acquireBoxLock(
  database: Database,
  boxId: string,
  options: LockOptions,
): Promise<Lock> {
  return acquireLock(database, `box:${boxId}`, options);
}

/**
 * Takes the lock of that name (`box:ID`, `template:KEY`, `image:DIGEST`) for this caller only:
 * other processes and other callers in this one wait. A lock whose holder has died is free.
 * @throws BoxliteError `box-busy`, naming holder and purpose; `cancelled` by the signal
 */
export async function acquireLock(
  database: Database,
  name: string,
  options: LockOptions,
): Promise<Lock> {
  const deadline = performance.now() + options.timeoutMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    throwIfCancelled(name, options);
    const attempt = tryLock(database, name, options.purpose);
    if (attempt instanceof Lock) return attempt;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw busy(name, attempt);
    await sleep(Math.min(waitMs, leftMs), undefined, { signal: options.signal }).catch(() => {
      throwIfCancelled(name, options);
    });
  }
}

/** A held lock. `release`, `await using` or the end of the process releases it. */
export class Lock implements AsyncDisposable {
  constructor(
    private readonly database: Database,
    readonly name: string,
    private readonly token: string,
  ) {}

  /** A second call does nothing. */
  release(): void {
    this.database.run('DELETE FROM locks WHERE name = ? AND token = ?', this.name, this.token);
  }

  /**
   * On a full disk the release can't be recorded. That must not hide why the work under the lock
   * failed: this process then treats the lock as free, and others do so once it has ended.
   */
  [Symbol.asyncDispose](): Promise<void> {
    try {
      this.release();
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      abandoned.add(this.token);
    }
    return Promise.resolve();
  }
}

/** Tokens of released locks that the database still records as ours. */
const abandoned = new Set<string>();

export type BoxLock = Lock;

interface Holder extends ProcessIdentity {
  purpose: string;
}

function tryLock(database: Database, name: string, purpose: string): Lock | Holder {
  // Read first: waiters for a live holder must not compete for the write lock.
  const holder = livingHolder(database, name);
  if (holder !== undefined) return holder;
  return database.write(() => {
    const winner = livingHolder(database, name);
    if (winner !== undefined) return winner;
    const token = randomUUID();
    const { pid, startTicks, bootId } = ownIdentity();
    database.run(
      `INSERT OR REPLACE INTO locks (name, token, purpose, pid, start_ticks, boot_id, acquired_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      name,
      token,
      purpose,
      pid,
      startTicks,
      bootId,
      database.now(),
    );
    return new Lock(database, name, token);
  });
}

function livingHolder(database: Database, name: string): Holder | undefined {
  const row = database.get('SELECT * FROM locks WHERE name = ?', name);
  if (row === undefined) return undefined;
  const holder = parseHolder(row);
  if (abandoned.has(text(row, 'token'))) return undefined;
  return isAlive(holder) ? holder : undefined;
}

function parseHolder(row: Row): Holder {
  return {
    pid: integer(row, 'pid'),
    startTicks: integer(row, 'start_ticks'),
    bootId: text(row, 'boot_id'),
    purpose: text(row, 'purpose'),
  };
}

function busy(name: string, holder: Holder): BoxliteError {
  return new BoxliteError(
    'box-busy',
    `${subject(name)} is busy: process ${holder.pid} holds it for ${holder.purpose}`,
    { hint: 'try again when that has ended' },
  );
}

function throwIfCancelled(name: string, options: LockOptions): void {
  if (options.signal?.aborted !== true) return;
  throw new BoxliteError(
    'cancelled',
    `cancelled while waiting for ${subject(name)} (${options.purpose})`,
    { cause: options.signal.reason },
  );
}

/** `box:01j…` reads as `box 01j…`. */
const subject = (name: string): string => name.replace(':', ' ');
