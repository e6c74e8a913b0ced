import { closeSync, constants, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf, fileError } from '../errors.js';

/** A full backlog is the only refusal that passes by itself, and the kernel has no event to wait for. */
const BACKLOG_DELAYS_MS = [1, 4, 16, 64, 256, 1024];

/** ECONNRESET: the listener was closed with us still in its backlog. */
const NOBODY_THERE = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ECONNRESET'];

/**
 * Connects to the Unix socket `name` in `directory`. A socket path holds 107 bytes at most and a home may be
 * longer, so the path goes through a descriptor of the directory.
 * @returns null when nobody listens: no directory, no socket, or the socket of a dead process
 * @throws `permission` when the host refuses
 */
export async function connectSocket(directory: string, name: string): Promise<Socket | null> {
  try {
    const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return await connectPatiently(`/proc/self/fd/${descriptor}/${name}`);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (NOBODY_THERE.includes(errno ?? '')) return null;
    throw fileError(error, `connect to ${join(directory, name)}`);
  }
}

async function connectPatiently(path: string): Promise<Socket> {
  for (const delayMs of BACKLOG_DELAYS_MS) {
    try {
      return await connectPath(path);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      await delay(delayMs);
    }
  }
  return connectPath(path);
}

function connectPath(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    // Stays: an error before the caller adds its first listener must not end the process. The socket's owner
    // sees it as 'close'.
    socket.on('error', reject);
    socket.once('connect', () => {
      resolve(socket);
    });
  });
}
