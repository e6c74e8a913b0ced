import { hostPortText } from '../../../engine/spec/network/host-address.js';
import { boxPortText, type PublishedPort } from '../../../engine/spec/network/ports.js';

/**
 * A box's ports as Docker shows them: `127.0.0.1:8000-8002->8000-8002/tcp, 9000/tcp, 127.0.0.1:1->80/tcp`.
 * Consecutive ports that have the same number on both sides form a range; the others come last.
 * @param exposed `80/tcp` each, published or not
 */
export function portsText(exposed: readonly string[], published: readonly PublishedPort[]): string {
  const open = new Map<string, Range>();
  const ranges: Range[] = [];
  const others: string[] = [];
  for (const { address, hostPort, boxPort, protocol } of inOrder(exposed, published)) {
    if (address !== '' && hostPort !== boxPort) {
      others.push(`${hostPortText(address, hostPort)}->${boxPort}/${protocol}`);
      continue;
    }
    const key = `${address}/${protocol}`;
    const range = open.get(key);
    if (range !== undefined && boxPort === range.last + 1) range.last = boxPort;
    else {
      if (range !== undefined) ranges.push(range);
      open.set(key, { address, protocol, first: boxPort, last: boxPort });
    }
  }
  return [...[...ranges, ...open.values()].map(rangeText), ...others].join(', ');
}

interface Range {
  /** Empty for ports that are only exposed. */
  address: string;
  protocol: string;
  first: number;
  last: number;
}

interface Port {
  address: string;
  hostPort: number;
  boxPort: number;
  protocol: string;
}

function inOrder(exposed: readonly string[], published: readonly PublishedPort[]): Port[] {
  const taken = new Set(published.map(({ boxPort, protocol }) => `${boxPort}/${protocol}`));
  const only = exposed.filter((port) => !taken.has(port)).map(exposedPort);
  const bound = published.map(({ hostAddress, ...port }) => ({ ...port, address: hostAddress }));
  return [...only, ...bound].sort(
    (a, b) =>
      a.boxPort - b.boxPort ||
      byText(a.address, b.address) ||
      a.hostPort - b.hostPort ||
      byText(a.protocol, b.protocol),
  );
}

function exposedPort(text: string): Port {
  const [port = '', protocol = 'tcp'] = text.split('/');
  return { address: '', hostPort: 0, boxPort: Number(port), protocol };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function rangeText({ address, protocol, first, last }: Range): string {
  const range = first === last ? String(first) : `${first}-${last}`;
  const host = address === '' ? '' : `${hostPortText(address, range)}->`;
  return `${host}${range}/${protocol}`;
}

/** `80/tcp -> 127.0.0.1:8080` */
export const publishedLine = (port: PublishedPort): string =>
  `${boxPortText(port)} -> ${publishedWhere(port)}`;

/** `127.0.0.1:8080` */
export const publishedWhere = ({ hostAddress, hostPort }: PublishedPort): string =>
  hostPortText(hostAddress, hostPort);

/** Docker's order: numbers in the lines count as numbers. */
export const naturally = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true });
