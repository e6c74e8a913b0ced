/** How published ports are named when they are taken back. */
import { BoxliteError } from '../../../errors.js';
import { parsePort } from './port-spec.js';
import { boxPortText, type PortProtocol, type PublishedPort } from './ports.js';

export type PortPattern = (port: PublishedPort) => boolean;

/**
 * @param text `80` or `80/udp`: wherever this port of the box is published; or `[[IP:]HOST:]BOX[/PROTO]` as when
 *   it was published, ranges included
 * @throws invalid-argument
 */
export function parsePortPattern(text: string): PortPattern {
  const named = parsePort(text, ANY_ADDRESS);
  return (port) =>
    named.some(
      ({ protocol, hostAddress, hostPort, lastHostPort = hostPort, boxPort }) =>
        protocol === port.protocol &&
        boxPort === port.boxPort &&
        (hostAddress === ANY_ADDRESS || hostAddress === port.hostAddress) &&
        (hostPort === 0 || (port.hostPort >= hostPort && port.hostPort <= lastHostPort)),
    );
}

/** No address of a port. */
const ANY_ADDRESS = '';

/** The same for a port of a program's. */
export function portPattern(port: {
  boxPort: number;
  hostPort?: number;
  hostAddress?: string;
  protocol?: PortProtocol;
}): PortPattern {
  const { boxPort, hostPort, hostAddress, protocol = 'tcp' } = port;
  return (other) =>
    boxPortText(other) === boxPortText({ boxPort, protocol }) &&
    (hostPort === undefined || hostPort === 0 || hostPort === other.hostPort) &&
    (hostAddress === undefined || hostAddress === other.hostAddress);
}

export const noSuchPort = (box: string, text: string): BoxliteError =>
  new BoxliteError('invalid-argument', `box ${box} does not publish ${text}`, {
    hint: 'see which ports it publishes, and name one of those',
  });
