/** The host's ports that a start asks for, and what happens when the host refuses one. */
import { basename } from 'node:path';
import { BoxliteError } from '../../errors.js';
import { type PortOwner, portOwner } from '../../host/port-owner.js';
import { readStat } from '../../host/process-identity.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { type RefusedPort, refusedPort } from '../machine/records.js';
import { shimDirectory } from '../machine/shim-directory.js';
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
      throw await portError(context, record, refused, error);
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

/**
 * What to tell of a port that the host refuses.
 * @param cause of a start that failed; undefined for a box that runs
 */
export async function portError(
  context: EngineContext,
  record: BoxRecord,
  refused: RefusedPort,
  cause?: unknown,
): Promise<BoxliteError> {
  const code = cause === undefined ? 'host-io' : 'boot-failed';
  const failed = cause === undefined ? { cause } : { cause, stage: 'network' };
  const message = messageOf(record, refused, cause !== undefined);
  if (refused.errno !== 'EADDRINUSE') {
    const hint = HINTS[refused.errno];
    const why = { ...failed, ...(hint !== undefined && { hint }) };
    return new BoxliteError(refused.errno === 'EACCES' ? 'permission' : code, message, why);
  }
  const running = await publisher(context, record, refused);
  const process = running === undefined ? await portOwner(refused) : undefined;
  const box = running ?? (process && (await boxOfProcess(context, process)));
  const owner =
    box !== undefined
      ? ` (box ${box} publishes it)`
      : process !== undefined
        ? ` (${process.program}, pid ${process.pid}, has it)`
        : '';
  return new BoxliteError(code, message + owner, {
    ...failed,
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

/** The box whose shim or boxlite-net it is. One that is starting has no ports in the store yet. */
async function boxOfProcess(
  { database }: EngineContext,
  { pid, program }: PortOwner,
): Promise<string | undefined> {
  if (!program.startsWith('boxlite-')) return undefined;
  // boxlite-net is a child of its box's shim. Ids are unique, whatever the home.
  for (const each of [pid, readStat(pid)?.parentPid]) {
    const directory = each === undefined ? undefined : await shimDirectory(each);
    const record = directory !== undefined && database().boxes.get(basename(directory));
    if (record) return boxName(record);
  }
  return undefined;
}

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'choose a port from 1024 on, or lower the sysctl net.ipv4.ip_unprivileged_port_start',
  EADDRNOTAVAIL: 'choose an address of this host: `ip address` lists them',
};

const messageOf = (record: BoxRecord, refused: RefusedPort, starts: boolean): string =>
  `box ${boxName(record)} ${starts ? "did not start: can't" : "can't"} listen on ${hostSideText(refused)}: ${refused.reason}`;
