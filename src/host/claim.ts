import { randomBytes } from 'node:crypto';
import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** A live holder may be downloading a very large layer; one that takes longer than this is stuck. */
const WAIT_LIMIT_MS = 60 * 60 * 1000;
/** Nothing signals a holder's death, so waiters have to poll. */
const LOOK_EVERY_MS = 100;

export interface ClaimOptions {
  /** What is claimed, for messages: `blob sha256:…`. */
  what: string;
  /** Called once, with the holder's pid, when somebody else holds the claim. */
  onWait?: (pid: number) => void;
  signal?: AbortSignal;
}

/**
 * Runs `work` while only this call, in only this process, holds the claim file `path`. Takes over a
 * claim whose owner is dead.
 * @throws BoxliteError `timeout` when a live process holds it for an hour, `cancelled`
 */
export async function withClaim<T>(
  path: string,
  options: ClaimOptions,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(path, ownIdentity(), options);
  try {
    return await work();
  } finally {
    await unlink(path);
  }
}

async function acquire(path: string, self: ProcessIdentity, options: ClaimOptions): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  let waiting = false;
  while (!(await tryCreate(path, self))) {
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      await breakClaim(path, holder, self, options);
      continue;
    }
    if (!waiting) options.onWait?.(holder.pid);
    waiting = true;
    if (Date.now() > deadline)
      throw new BoxliteError('timeout', `process ${holder.pid} holds ${options.what} for too long`);
    await pause(options);
  }
}

/** `link` makes the file appear with its content, so nobody ever reads half a claim. */
async function tryCreate(path: string, self: ProcessIdentity): Promise<boolean> {
  const temporary = `${path}.new-${self.pid}-${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, JSON.stringify(self), { flag: 'wx' });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw fileError(error, `claim ${path}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Removes a dead owner's claim. Two waiters may find it dead at once, and the slower one must not
 * remove the new claim of the faster. So removing this owner's claim needs a claim of its own,
 * under which the owner is checked again.
 */
async function breakClaim(
  path: string,
  dead: ProcessIdentity,
  self: ProcessIdentity,
  options: ClaimOptions,
): Promise<void> {
  const right = `${path}.of-${dead.pid}-${dead.startTicks}`;
  await acquire(right, self, options);
  try {
    const holder = await readHolder(path);
    if (holder?.pid === dead.pid && holder.startTicks === dead.startTicks) await unlink(path);
  } finally {
    await unlink(right);
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return { pid: 0, startTicks: 0, bootId: '' };
    throw fileError(error, `read ${path}`);
  }
}

async function pause(options: ClaimOptions): Promise<void> {
  try {
    await delay(LOOK_EVERY_MS, undefined, { signal: options.signal });
  } catch (cause) {
    throw new BoxliteError('cancelled', `stopped waiting for ${options.what}`, { cause });
  }
}
