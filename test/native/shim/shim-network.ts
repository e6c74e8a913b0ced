import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { IP_PROTOCOLS } from '../../../src/agent/protocol.js';
import { policyConfig } from '../../../src/engine/machine/box-policy.js';
import { addressBytes } from '../../../src/host/ip-address.js';
import { FAKE_NET, type ShimHarness } from './shim-harness.js';

interface Port {
  protocol?: number;
  address?: string;
  hostPort?: number;
  boxPort?: number;
}

/** The configuration of a box with a network, whose boxlite-net is the fake one in this mode. */
export async function network(
  harness: ShimHarness,
  ports: readonly Port[] = [],
  mode = 'answer',
): Promise<Record<string, unknown>> {
  const program = join(harness.root, 'net');
  const words = [FAKE_NET, logOf(harness), mode].map((word) => `'${word}'`);
  await writeFile(program, `#!/bin/sh\nexec ${words.join(' ')}\n`);
  await chmod(program, 0o755);
  return {
    ...{ netProgram: program, netFd: 22, macAddress: Buffer.from('0242ac110002', 'hex') },
    ...{ address: 0x0a00_020f, prefix: 0x0a00_0200, prefixLength: 24 },
    ...{ gateway: 0x0a00_0202, resolver: 0x0a00_0203, mtu: 65_520 },
    ...{ address6: addressBytes('fd00::15'), prefix6: addressBytes('fd00::') },
    ...{ gateway6: addressBytes('fd00::2'), resolver6: addressBytes('fd00::3') },
    ports: ports.map(portConfig),
    ...{ ...policyConfig({}), netTx: 0n, netRx: 0n },
    ...{ networkDirectory: '', hubProgram: '', links: [] },
  };
}

/** A port as the shim is told of it: TCP port 80 of the box at any port of 127.0.0.1 unless said. */
export const portConfig = ({
  protocol = IP_PROTOCOLS.TCP,
  address = '127.0.0.1',
  hostPort = 0,
  boxPort = 80,
}: Port = {}) => ({ protocol, hostAddress: addressBytes(address), hostPort, boxPort });

export const logOf = (harness: ShimHarness): string => join(harness.root, 'net.log');
export const linesOf = async (harness: ShimHarness): Promise<string[]> =>
  (await readFile(logOf(harness), 'utf8')).trimEnd().split('\n');

export async function pidOfNet(harness: ShimHarness): Promise<number> {
  return Number(/^pid (\d+)/.exec((await linesOf(harness))[0] ?? '')?.[1]);
}

/** Whether anything listens there. */
export function isOpen(port: number, address = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** A port that somebody else has, and how to release it. */
export async function taken(kind: string, address: string): Promise<[number, () => Promise<void>]> {
  if (kind === 'udp') {
    const socket = createSocket('udp4').bind(0, address);
    await once(socket, 'listening');
    return [socket.address().port, () => new Promise((resolve) => socket.close(() => resolve()))];
  }
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  return [(server.address() as AddressInfo).port, close];
}
