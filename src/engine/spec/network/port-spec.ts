/** The text of `-p`, read as Docker's `nat.ParsePortSpec` reads it. */
import { BoxliteError } from '../../../errors.js';
import { parseHostAddress } from './host-address.js';
import type { BoxPort, PortProtocol } from './ports.js';

/**
 * @param text `[[IP:]HOST_PORT[-LAST]:]BOX_PORT[-LAST][/PROTOCOL]`, or Docker's long form
 *   `published=8080,target=80,protocol=tcp`
 * @param defaultAddress the host's address for a port that names none
 * @throws invalid-argument in Docker's words; unsupported for SCTP
 */
export function parsePort(text: string, defaultAddress: string): BoxPort[] {
  const { address, host, box, protocol } = partsOf(text.includes('=') ? shortForm(text) : text);
  const hostAddress =
    address === '' ? defaultAddress : parseHostAddress(address.replace(/^\[(.*)\]$/, '$1'));
  if (box === '') throw invalid(`no port specified: ${text}<empty>`);
  const boxRange = rangeOf(box);
  if (boxRange === undefined || boxRange.first === 0)
    throw invalid(`invalid containerPort: ${box}`);
  const hostRange = host === '' ? { first: 0, last: 0 } : rangeOf(host);
  if (hostRange === undefined) throw invalid(`invalid hostPort: ${host}`);
  const length = lengthOf(boxRange);
  if (host !== '' && length !== lengthOf(hostRange) && length > 1)
    throw invalid(`invalid ranges specified for container and host Ports: ${box} and ${host}`);
  const known = checkProtocol(protocol);
  const [first, last] = [hostRange.first, hostRange.last];
  return Array.from({ length }, (_, index) => ({
    protocol: known,
    hostAddress,
    hostPort: host === '' ? 0 : first + index,
    // One port of the box gets any free one of the host's range.
    ...(length === 1 && last > first && { lastHostPort: last }),
    boxPort: boxRange.first + index,
  }));
}

/** What Docker's command line makes of the long form. */
function shortForm(text: string): string {
  const fields = new Map([['protocol', 'tcp']]);
  for (const field of text.split(',')) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(field) ?? [];
    if (name === '')
      throw invalid(`invalid publish opts format (should be name=value but got '${field}')`);
    fields.set(name, value);
  }
  const field = (name: string): string => fields.get(name) ?? '';
  return `${field('published')}:${field('target')}/${field('protocol')}`;
}

interface Parts {
  address: string;
  host: string;
  box: string;
  protocol: string;
}

function partsOf(text: string): Parts {
  const words = text.split(':');
  const [box = '', protocol = ''] = (words.pop() ?? '').split('/');
  const host = words.pop() ?? '';
  return { address: words.join(':'), host, box, protocol: protocol || 'tcp' };
}

interface Range {
  first: number;
  last: number;
}

const lengthOf = ({ first, last }: Range): number => last - first + 1;

function rangeOf(text: string): Range | undefined {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { first: Number(from ?? NaN), last: Number(to ?? NaN) };
  return range.first <= range.last && range.last <= 65_535 ? range : undefined;
}

function checkProtocol(text: string): PortProtocol {
  const protocol = text.toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  if (protocol === 'sctp')
    throw new BoxliteError(
      'unsupported',
      "a port of SCTP can't be published: a box has TCP and UDP",
    );
  throw invalid(`invalid proto: ${text}`);
}

const invalid = (message: string): BoxliteError => new BoxliteError('invalid-argument', message);
