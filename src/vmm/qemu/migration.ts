import { chmod, open } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { BoxliteError, fileError } from '../../errors.js';
import { INCOMING_URI, STATE_SOCKET, STATE_URI } from './command.js';
import { IMAGE_NODE } from './disks.js';
import type { QmpClient } from './qmp.js';

/**
 * Guest memory is in the RAM file already; only the devices' state is sent (the x- is part of QEMU's name).
 */
const CAPABILITIES = {
  capabilities: [
    { capability: 'x-ignore-shared', state: true },
    { capability: 'events', state: true },
  ],
};

/**
 * A template's state is some 80 KB; far more means that it contains memory, so the capability is not in
 * effect.
 */
const MAX_STATE_BYTES = 16 * 1_048_576;

/**
 * Saves the running machine's device state to `target`. It is not stopped first: its memory is not sent, so
 * the copy ends at once, and the restored machine *runs*.
 * @param directory the directory behind `MachineFiles.stateDirectory`
 */
export async function saveState(qmp: QmpClient, directory: string, target: string): Promise<void> {
  const state = await listenForState(directory);
  try {
    await qmp.execute('migrate-set-capabilities', CAPABILITIES);
    // Together, so both failures are handled, whichever comes first.
    await Promise.all([migrationEnd(qmp), qmp.execute('migrate', { uri: STATE_URI })]);
    await writeState(target, await state.received);
  } finally {
    await state.close();
  }
}

/**
 * Stops the machine and detaches its image permanently: QEMU can't save a machine with an open VMDK. A
 * machine restored from it has the image again, and must not notice its absence.
 * @param bytes size of the disk
 */
export async function stopWithoutImage(qmp: QmpClient, bytes: number): Promise<void> {
  await qmp.execute('stop');
  const nothing = { driver: 'null-co', 'node-name': 'nothing', size: bytes, 'read-only': true };
  await qmp.execute('blockdev-add', nothing);
  await qmp.execute('blockdev-reopen', { options: [{ ...IMAGE_NODE, file: 'nothing' }] });
}

/** Runs a machine that was saved paused. */
export async function continueMachine(qmp: QmpClient): Promise<void> {
  await qmp.execute('cont');
}

/** Loads the state of a template into a waiting machine, which then runs if it ran when it was saved. */
export async function restoreState(qmp: QmpClient): Promise<void> {
  const ended = migrationEnd(qmp);
  // Sent together: the answers matter only for errors.
  await Promise.all([
    qmp.execute('migrate-set-capabilities', CAPABILITIES),
    qmp.execute('migrate-incoming', { uri: INCOMING_URI }),
    ended,
  ]);
}

async function writeState(target: string, bytes: Buffer): Promise<void> {
  try {
    const file = await open(target, 'wx', 0o444);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw fileError(error, `write ${target}`);
  }
}

async function migrationEnd(qmp: QmpClient): Promise<void> {
  const { status } = await qmp.event(
    'MIGRATION',
    (data) => data.status === 'completed' || data.status === 'failed',
  );
  if (status !== 'completed')
    throw new BoxliteError('vmm-failed', "the VMM could not move the template's state");
}

interface StateListener {
  received: Promise<Buffer>;
  close: () => Promise<void>;
}

async function listenForState(directory: string): Promise<StateListener> {
  const server = createServer();
  const sockets = new Set<Socket>();
  const received = new Promise<Buffer>((resolve, reject) => {
    server.on('connection', (socket) => {
      sockets.add(socket);
      collect(socket, resolve, reject);
    });
    server.on('error', reject);
  });
  received.catch(() => undefined); // awaited later; until then a failure must not end the process
  // Through a descriptor, because the directory's own path may exceed a socket's limit.
  const handle = await open(directory, 'r');
  const close = async (): Promise<void> => {
    // A failed save may have left its connection open.
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await handle.close();
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(`/proc/self/fd/${handle.fd}/${STATE_SOCKET}`, resolve);
    });
    // The VMM may run as another user.
    await chmod(join(directory, STATE_SOCKET), 0o666);
    return { received, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function collect(
  socket: Socket,
  resolve: (state: Buffer) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_STATE_BYTES) {
      socket.destroy();
      reject(
        new BoxliteError(
          'vmm-failed',
          `the template's state is larger than ${MAX_STATE_BYTES} bytes`,
        ),
      );
    }
  });
  socket.on('error', reject);
  socket.on('end', () => resolve(Buffer.concat(chunks)));
}
