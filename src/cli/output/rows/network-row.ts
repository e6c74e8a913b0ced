import type { ShownNetwork } from '../../network/all-networks.js';
import type { ListRow } from '../terminal/list.js';
import { shortId } from '../text/reference.js';
import { goTimeOf } from '../text/timestamp.js';

export const NETWORK_HEADERS: Readonly<Record<string, string>> = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
};

export const NETWORK_COLUMNS: readonly string[] = ['ID', 'Name', 'Driver', 'Scope'];

/** Docker's `--format raw`. */
export const NETWORK_RAW = {
  lines: 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
  quiet: 'network_id: {{.ID}}',
};

/** A network as `network ls` shows it, with Docker's field names in the order of its JSON. */
export function networkRow(network: ShownNetwork, truncate: boolean): ListRow {
  const { id, name, labels, subnets } = network;
  return {
    CreatedAt: goTimeOf(network.createdAt),
    Driver: driverOf(network),
    ID: truncate ? shortId(id) : id,
    IPv4: String(subnets.length > 0),
    IPv6: String(subnets.length > 1),
    Internal: String(network.internal),
    Label: (key = '') => labels[key] ?? '',
    Labels: Object.entries(labels)
      .map(([key, text]) => `${key}=${text}`)
      .sort()
      .join(','),
    Name: name,
    Scope: SCOPE,
  };
}

export const SCOPE = 'local';

/** In Docker's words, where a box without a network has the driver null. */
export const driverOf = ({ builtIn }: ShownNetwork): string =>
  builtIn === 'none' ? 'null' : 'bridge';
