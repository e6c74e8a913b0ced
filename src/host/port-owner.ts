/** Which process of the host has a port, as far as /proc tells. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface HostPort {
  protocol: 'tcp' | 'udp';
  /** IPv4, or IPv6 in its shortest form. */
  hostAddress: string;
  hostPort: number;
}

export interface PortOwner {
  pid: number;
  /** Name of its program. */
  program: string;
}

/**
 * The process whose socket keeps others off the port. Only root sees the sockets of other users.
 * @param proc where /proc is mounted
 * @returns undefined if no process that the caller may look at has it
 */
export async function portOwner(port: HostPort, proc = '/proc'): Promise<PortOwner | undefined> {
  const tables = ['', '6'].map((family) => join(proc, 'net', port.protocol + family));
  const sockets = (await Promise.all(tables.map(textOf))).flatMap(parseSockets);
  const inodes = inodesAt(port, sockets);
  if (inodes.size === 0) return undefined;
  for (const pid of (await namesIn(proc)).filter((name) => /^\d+$/.test(name))) {
    if (!(await holds(join(proc, pid, 'fd'), inodes))) continue;
    const program = (await textOf(join(proc, pid, 'comm'))).trim();
    return { pid: Number(pid), program: program === '' ? 'a process' : program };
  }
  return undefined;
}

export interface Socket {
  /** As in `HostPort`. */
  address: string;
  port: number;
  /** A TCP socket that neither listens nor is closed is a connection, which has no port of its own. */
  listens: boolean;
  inode: string;
}

/** The lines of /proc/net/tcp, tcp6, udp and udp6 (proc_net(5)). */
export function parseSockets(table: string): Socket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (inode === undefined) return [];
      const listens = state === LISTENING || state === UNCONNECTED;
      return [{ address: addressOf(address), port: parseInt(port, 16), listens, inode }];
    });
}

/** TCP_LISTEN, and TCP_CLOSE, which a UDP socket without a peer has. */
const LISTENING = '0A';
const UNCONNECTED = '07';

function inodesAt(wanted: HostPort, sockets: readonly Socket[]): Set<string> {
  const { hostAddress, hostPort } = wanted;
  const at = sockets.filter(
    ({ address, port, listens }) => listens && port === hostPort && keepsOff(address, hostAddress),
  );
  return new Set(at.map(({ inode }) => inode));
}

function keepsOff(taken: string, wanted: string): boolean {
  // `::` takes IPv4 as well, unless its socket is for IPv6 only, which no table says.
  if (taken === wanted || taken === '::') return true;
  const isIPv6 = taken.includes(':');
  if (isIPv6 !== wanted.includes(':')) return false;
  return taken === '0.0.0.0' || wanted === '0.0.0.0' || wanted === '::';
}

/** Each group of 8 digits is a number in the machine's order, the lowest byte first on x86-64. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((group) =>
    [...Buffer.from(group, 'hex')].reverse(),
  );
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 12).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    Buffer.from(bytes.slice(index * 2, index * 2 + 2)).toString('hex'),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Whether one of a process's descriptors is such a socket. */
async function holds(directory: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const links = (await namesIn(directory)).map((fd) =>
    readlink(join(directory, fd)).catch(() => ''),
  );
  for (const link of await Promise.all(links)) {
    const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(link) ?? [];
    if (inodes.has(inode)) return true;
  }
  return false;
}

/** Empty for a process of another user, one that has just ended, and a host without IPv6. */
const namesIn = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
