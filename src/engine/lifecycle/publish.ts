/** Published ports of a box that exists: of one that runs at once, of another from its next start on. */
import type { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import type { BoxRecord } from '../../store/box-record.js';
import { isActive } from '../../store/status.js';
import { portsRecord } from '../machine/records.js';
import { boxName } from '../spec/names/box-name.js';
import { AskedPorts } from '../spec/network/asked-ports.js';
import { noSuchPort, parsePortPattern, portPattern } from '../spec/network/port-pattern.js';
import {
  addedPorts,
  type BoxPort,
  hostSideText,
  type PortOptions,
  portsCollide,
  type PublishedPort,
  type PublishOptions,
  storedPorts,
} from '../spec/network/ports.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext, lockBox } from '../state/context.js';
import { publishPort, unpublishPort } from '../state/net-changes.js';
import { settle } from '../state/observe.js';
import { runningClient } from '../state/running-client.js';
import { portError } from './start-ports.js';

/**
 * @returns the ports; for a box that does not run, 0 as `hostPort` where the system will choose
 * @throws invalid-argument, unsupported, box-state; permission or host-io for a port that the host refuses: then none
 *   is published
 */
export async function publishPorts(
  context: EngineContext,
  id: string,
  options: Pick<PublishOptions, 'ports' | 'publishAddress'>,
): Promise<PublishedPort[]> {
  await using _lock = await lockBox(context, id, 'publish');
  const record = await withNetwork(context, id);
  const spec = specOf(record.options);
  const { ports: before = [] } = spec;
  const added = addedPorts(options, before);
  if (added.length === 0) return [];
  const next = { ...spec, ports: [...before, ...added] };
  if (!isActive(record.status)) {
    context.database().boxes.update(id, { options: next });
    return new AskedPorts(added, []).ports;
  }
  await using client = await runningClient(context, record, { paused: 'allowed' });
  const done: PublishedPort[] = [];
  try {
    for (const port of added) done.push(await publish(context, record, client, port));
    const ports = await portsRecord(context.home.box(id));
    context.database().boxes.update(id, { options: next, ports });
  } catch (error) {
    for (const port of done)
      await unpublishPort(client, boxName(record), port).catch(() => undefined);
    throw error;
  }
  return done;
}

/**
 * @param ports texts as `parsePortPattern` reads them, or a program's
 * @returns those that are published no more
 * @throws invalid-argument when the box does not publish one of them: then all stay
 */
export async function unpublishPorts(
  context: EngineContext,
  id: string,
  ports: readonly (PortOptions | string)[],
): Promise<PublishedPort[]> {
  await using _lock = await lockBox(context, id, 'unpublish');
  const record = await withNetwork(context, id);
  const { ports: asked = [], ...others } = specOf(record.options);
  const before = known(asked, storedPorts(record.ports), isActive(record.status));
  const removed = new Set(ports.flatMap((port) => matching(boxName(record), before, port)));
  const kept = before.filter((each) => !removed.has(each));
  const left = kept.flatMap(({ asked }) => (asked === undefined ? [] : [asked]));
  const next = { ...others, ...(left.length > 0 && { ports: left }) };
  if (!isActive(record.status)) {
    context.database().boxes.update(id, { options: next });
    return [...removed].map(({ port }) => port);
  }
  await using client = await runningClient(context, record, { paused: 'allowed' });
  for (const { port } of removed) await unpublishPort(client, boxName(record), port);
  const live = await portsRecord(context.home.box(id));
  context.database().boxes.update(id, { options: next, ports: live });
  return [...removed].map(({ port }) => port);
}

async function withNetwork(context: EngineContext, id: string): Promise<BoxRecord> {
  const record = await settle(context.home, context.database(), currentRecord(context, id));
  if (specOf(record.options).network) return record;
  throw new BoxliteError(
    'invalid-argument',
    `box ${boxName(record)} has no network, so it has no port to publish`,
    { hint: 'create it anew without --network none' },
  );
}

/** Any free one of its range, as a start does. */
async function publish(
  context: EngineContext,
  record: BoxRecord,
  client: ShimClient,
  wanted: BoxPort,
): Promise<PublishedPort> {
  refuseOwn(record, wanted);
  const asked = new AskedPorts([wanted], []);
  for (;;) {
    const [port = wanted] = asked.ports;
    const answer = await publishPort(client, boxName(record), port);
    if ('port' in answer) return answer.port;
    if (answer.refused.errno !== 'EADDRINUSE' || !asked.next(answer.refused))
      throw await portError(context, record, answer.refused);
  }
}

/** The host would blame a process of BoxLite's own. */
function refuseOwn(record: BoxRecord, wanted: BoxPort): void {
  const own = storedPorts(record.ports).find((port) => portsCollide(port, wanted));
  if (own !== undefined && wanted.lastHostPort === undefined)
    throw new BoxliteError(
      'invalid-argument',
      `box ${boxName(record)} publishes ${hostSideText(own)} already`,
      { hint: 'give each port of the host once' },
    );
}

interface KnownPort {
  port: PublishedPort;
  /** In the box's spec; missing for one whose publisher ended before it could record that. */
  asked?: BoxPort;
}

function known(
  asked: readonly BoxPort[],
  stored: readonly PublishedPort[],
  running: boolean,
): KnownPort[] {
  const ports = new AskedPorts(asked, stored).ports;
  const paired = asked.map((each, index) => ({ asked: each, port: ports[index] ?? each }));
  const isPaired = (port: PublishedPort): boolean => ports.some((each) => portsCollide(each, port));
  const others = running ? stored.filter((port) => !isPaired(port)) : [];
  return [...paired, ...others.map((port) => ({ port }))];
}

function matching(
  box: string,
  ports: readonly KnownPort[],
  wanted: PortOptions | string,
): KnownPort[] {
  const isNamed = typeof wanted === 'string' ? parsePortPattern(wanted) : portPattern(wanted);
  const found = ports.filter(({ port }) => isNamed(port));
  if (found.length > 0) return found;
  throw noSuchPort(box, typeof wanted === 'string' ? wanted : String(wanted.boxPort));
}
