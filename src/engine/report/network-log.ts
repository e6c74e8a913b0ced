import { ShimClient } from '../../agent/client.js';
import { BoxliteError } from '../../errors.js';
import { type NetworkLogEntry, readNetworkLog } from '../../logs/network-log.js';
import { boxName } from '../spec/names/box-name.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext } from '../state/context.js';

export type { NetworkLogEntry } from '../../logs/network-log.js';

export interface NetworkLogOptions {
  /** Follow the log until the box ends; default false. */
  follow?: boolean;
  /** Return only this many last entries; default all. */
  tail?: number;
}

/** What a box's network has decided, as far as its policy says that it is logged. */
export async function* networkLog(
  context: EngineContext,
  id: string,
  { tail, follow = false }: NetworkLogOptions,
): AsyncGenerator<NetworkLogEntry, void, undefined> {
  const { home } = context;
  const record = currentRecord(context, id);
  const end = follow ? ended(home.box(id), boxName(record)) : undefined;
  end?.catch(() => undefined); // awaited below
  const isLogged = specOf(record.options).policy?.log === true;
  let isEmpty = true;
  for await (const entry of readNetworkLog(home.box(id), {
    ...(tail !== undefined && { tail }),
    ...(isLogged && end && { follow: end }),
  })) {
    isEmpty = false;
    yield entry;
  }
  if (isEmpty && !isLogged && tail !== 0)
    throw new BoxliteError('unsupported', `the network of box ${boxName(record)} is not logged`, {
      hint: 'turn its log on',
      remedy: { action: 'log-network', box: boxName(record) },
    });
}

async function ended(directory: string, name: string): Promise<void> {
  const client = await ShimClient.connect(directory, { name });
  await client?.closed;
}
