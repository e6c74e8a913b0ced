import { LIMITS } from '../../../agent/protocol.js';
import { BoxliteError } from '../../../errors.js';
import { DEFAULT_PUBLISH_ADDRESS } from '../defaults.js';
import { addressesCollide, hostPortText, parseHostAddress } from './host-address.js';
import { parsePort } from './port-spec.js';

/** A port of a box that the host passes on. */
export interface PublishedPort {
  protocol: PortProtocol;
  /** The host's address that it listens on: IPv4, or IPv6 without brackets. */
  hostAddress: string;
  hostPort: number;
  boxPort: number;
}

export type PortProtocol = 'tcp' | 'udp';

export interface PortOptions {
  boxPort: number;
  /** Default 0: the system chooses one when the box starts first, and the box keeps it. */
  hostPort?: number;
  /** An IP address of the host; default `publishAddress`. */
  hostAddress?: string;
  /** Default `tcp`. */
  protocol?: PortProtocol;
}

export interface PublishOptions {
  /** Ports to publish, also as `-p` takes them: `8080:80`, `[::1]:5353:53/udp`, `8000-8010:8000-8010`. */
  ports?: readonly (PortOptions | string)[];
  /** Publish every exposed port, each at a host port that the system chooses; default false. */
  publishAll?: boolean;
  /** The host's address for ports that name none; default `127.0.0.1`. */
  publishAddress?: string;
}

/** A port to publish, as the box's spec holds it. */
export interface BoxPort extends PublishedPort {
  /** 0: the system chooses one when the box starts. */
  hostPort: number;
  /** Any free one from `hostPort` to this one will do. */
  lastHostPort?: number;
  /** Published only because it is exposed (`publishAll`). */
  exposed?: true;
}

export interface PortsSpec {
  /** Missing: none. */
  ports?: BoxPort[];
  publishAll?: true;
}

/**
 * @param exposed by image and caller, `80/tcp` each
 * @param network whether the box has a network
 * @throws invalid-argument, unsupported
 */
export function settlePorts(
  options: PublishOptions,
  exposed: readonly string[],
  network: boolean,
): PortsSpec {
  const asked = askedPorts(options, network);
  const all = options.publishAll === true;
  const address = addressOf(options);
  const ports = all ? [...asked, ...exposedPorts(exposed, asked, address)] : asked;
  checkCount(ports.length);
  return { ...(ports.length > 0 && { ports }), ...(all && { publishAll: true }) };
}

/** The ports that the caller names. Checked before a pull, which may take minutes. */
export function askedPorts(options: PublishOptions, network: boolean): BoxPort[] {
  const { ports = [], publishAll = false } = options;
  if (!network && (ports.length > 0 || publishAll))
    throw new BoxliteError('invalid-argument', 'a box without a network has no port to publish', {
      hint: `leave out either ${ports.length > 0 ? '--publish' : '--publish-all'} or --network none`,
    });
  const address = addressOf(options);
  const parsed = ports.flatMap((port) =>
    typeof port === 'string' ? parsePort(port, address) : [checkedPort(port, address)],
  );
  checkCount(parsed.length);
  for (const [index, port] of parsed.entries()) refuseTaken(port, parsed.slice(0, index));
  return parsed;
}

/**
 * Ports that a box is to publish besides those that it has.
 * @throws invalid-argument, unsupported
 */
export function addedPorts(options: PublishOptions, before: readonly BoxPort[]): BoxPort[] {
  const added = askedPorts(options, true);
  checkCount(before.length + added.length);
  for (const port of added) refuseTaken(port, before);
  return added;
}

/** The ports of a record: what the engine has stored itself. */
export function storedPorts(stored: unknown): PublishedPort[] {
  return Array.isArray(stored) ? (stored as PublishedPort[]) : [];
}

/** `80/tcp`: the port as the box has it. */
export const boxPortText = ({ boxPort, protocol }: Pick<BoxPort, 'boxPort' | 'protocol'>): string =>
  `${boxPort}/${protocol}`;

/** `127.0.0.1:8080/tcp`: the port as the host has it. */
export const hostSideText = ({
  hostAddress,
  hostPort,
  protocol,
}: Omit<PublishedPort, 'boxPort'>): string => `${hostPortText(hostAddress, hostPort)}/${protocol}`;

/** Whether the host can give only one of them to a box. */
export function portsCollide(
  one: Omit<PublishedPort, 'boxPort'>,
  other: Omit<PublishedPort, 'boxPort'>,
): boolean {
  return (
    one.protocol === other.protocol &&
    one.hostPort === other.hostPort &&
    addressesCollide(one.hostAddress, other.hostAddress)
  );
}

function addressOf({ publishAddress }: PublishOptions): string {
  return parseHostAddress(publishAddress ?? DEFAULT_PUBLISH_ADDRESS);
}

function checkedPort(port: PortOptions, address: string): BoxPort {
  const { boxPort, hostPort = 0, hostAddress, protocol = 'tcp' } = port;
  if (!isPort(boxPort) || boxPort === 0) throw invalid('containerPort', boxPort);
  if (!isPort(hostPort)) throw invalid('hostPort', hostPort);
  if (!['tcp', 'udp'].includes(protocol)) throw invalid('proto', protocol);
  return {
    protocol,
    hostAddress: hostAddress === undefined ? address : parseHostAddress(hostAddress),
    hostPort,
    boxPort,
  };
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 0 && port <= 65_535;

const invalid = (what: string, value: string | number): BoxliteError =>
  new BoxliteError('invalid-argument', `invalid ${what}: ${value}`);

function refuseTaken(port: BoxPort, before: readonly BoxPort[]): void {
  if (port.hostPort === 0 || port.lastHostPort !== undefined) return;
  const taken = before.some(
    (other) => other.lastHostPort === undefined && portsCollide(port, other),
  );
  if (taken)
    throw new BoxliteError('invalid-argument', `${hostSideText(port)} is published twice`, {
      hint: 'give each port of the host once',
    });
}

/** Docker's rule: a port that is published by name is not published once more. */
function exposedPorts(
  exposed: readonly string[],
  asked: readonly BoxPort[],
  hostAddress: string,
): BoxPort[] {
  const named = new Set(asked.map(boxPortText));
  return exposed
    .filter((port) => !named.has(port))
    .map((port) => {
      const [number, protocol] = port.split('/');
      if (protocol !== 'tcp' && protocol !== 'udp')
        throw new BoxliteError('unsupported', `the exposed port ${port} can't be published`, {
          hint: 'tcp and udp can: name the ports by -p in place of --publish-all',
        });
      return { protocol, hostAddress, hostPort: 0, boxPort: Number(number), exposed: true };
    });
}

function checkCount(count: number): void {
  if (count > LIMITS.MAX_PORTS)
    throw new BoxliteError(
      'invalid-argument',
      `a box can publish ${LIMITS.MAX_PORTS} ports, not ${count}`,
    );
}
