/** The host's ports that a start asks for, and what happens when the host refuses one. */
import { BoxliteError } from '../../errors.js';
import { portOwner } from '../../host/port-owner.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { type RefusedPort, refusedPort } from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { AskedPorts } from '../spec/network/asked-ports.js';
import {
  hostSideText,
  portsCollide,
  type PublishedPort,
  storedPorts,
} from '../spec/network/ports.js';
import { specOf } from '../spec/stored-spec.js';
import type { EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';

/**
 * Starts with the ports that the box had last, and again with others where it may have any, until the host
 * refuses none.
 * @throws what `start` throws; permission, or boot-failed with stage network, for a port that is refused
 */
export async function askingForPorts<T>(
  context: EngineContext,
  record: BoxRecord,
  start: (ports: readonly PublishedPort[]) => Promise<T>,
): Promise<T> {
  const { ports = [] } = specOf(record.options);
  const asked = new AskedPorts(ports, storedPorts(record.ports));
  for (;;) {
    try {
      return await start(asked.ports);
    } catch (error) {
      const refused = await refusalOf(context, record, error);
      if (refused === undefined) throw error;
      const busy = refused.errno === 'EADDRINUSE';
      if (busy && asked.next(refused)) continue;
      throw busy
        ? await busyError(context, record, refused, error)
        : refusalError(record, refused, error);
    }
  }
}

async function refusalOf(
  { home }: EngineContext,
  { id }: BoxRecord,
  error: unknown,
): Promise<RefusedPort | undefined> {
  const early = error instanceof BoxliteError && error.stage === 'network';
  return early ? await refusedPort(home.box(id)) : undefined;
}

async function busyError(
  context: EngineContext,
  record: BoxRecord,
  refused: RefusedPort,
  cause: unknown,
): Promise<BoxliteError> {
  const box = await publisher(context, record, refused);
  const process = box === undefined ? await portOwner(refused) : undefined;
  const owner =
    box !== undefined
      ? ` (box ${box} publishes it)`
      : process !== undefined
        ? ` (${process.program}, pid ${process.pid}, has it)`
        : '';
  return new BoxliteError('boot-failed', messageOf(record, refused) + owner, {
    stage: 'network',
    cause,
    ...(box === undefined
      ? { hint: 'choose another port of the host, or end what has this one' }
      : {
          hint: `choose another port of the host, or stop box ${box}`,
          remedy: { action: 'stop', box },
        }),
  });
}

/** Another box of this home that has the port. */
async function publisher(
  { home, database }: EngineContext,
  { id }: BoxRecord,
  refused: RefusedPort,
): Promise<string | undefined> {
  for (const other of database().boxes.list()) {
    if (other.id === id) continue;
    const { status, ports } = await observed(home, other);
    if (isActive(status) && storedPorts(ports).some((port) => portsCollide(port, refused)))
      return boxName(other);
  }
  return undefined;
}

function refusalError(record: BoxRecord, refused: RefusedPort, cause: unknown): BoxliteError {
  const hint = HINTS[refused.errno];
  return new BoxliteError(
    refused.errno === 'EACCES' ? 'permission' : 'boot-failed',
    messageOf(record, refused),
    { stage: 'network', cause, ...(hint !== undefined && { hint }) },
  );
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'choose a port from 1024 on, or lower the sysctl net.ipv4.ip_unprivileged_port_start',
  EADDRNOTAVAIL: 'choose an address of this host: `ip address` lists them',
};

const messageOf = (record: BoxRecord, refused: RefusedPort): string =>
  `box ${boxName(record)} did not start: can't listen on ${hostSideText(refused)}: ${refused.reason}`;
