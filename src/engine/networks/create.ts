import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Database } from '../../store/database.js';
import { networkSpecOf } from '../spec/network/named/box-attachment.js';
import { checkNetworkName } from '../spec/network/named/network-names.js';
import { type NetworkOptions, settleNetwork } from '../spec/network/named/network-spec.js';
import { parsePrefix, type Prefix } from '../spec/network/named/prefix.js';
import { hostPrefixes } from '../spec/network/named/subnets.js';
import type { EngineContext } from '../state/context.js';
import { type NetworkInfo, networkInfo } from './info.js';

/** In one transaction, so that of several processes none gets the subnet of another's network. */
export async function createNetwork(
  context: EngineContext,
  options: NetworkOptions,
): Promise<NetworkInfo> {
  const name = checkNetworkName(options.name);
  const id = randomBytes(32).toString('hex');
  const host = hostPrefixes(interfaceAddresses());
  const database = context.database();
  const record = database.write(() => {
    database.networks.refuseTakenName(name);
    const spec = settleNetwork(options, id, { networks: subnetsOf(database), host });
    return database.networks.insert({ id, name, spec });
  });
  return await networkInfo(context, record);
}

const interfaceAddresses = (): (string | null)[] =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ cidr }) => cidr));

function subnetsOf(database: Database): Prefix[] {
  return database.networks.list().flatMap(({ spec }) => {
    const { subnet, subnet6 } = networkSpecOf(spec);
    return [parsePrefix(subnet), parsePrefix(subnet6)];
  });
}
