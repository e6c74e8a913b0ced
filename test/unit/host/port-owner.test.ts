import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type HostPort, parseSockets, portOwner } from '../../../src/host/port-owner.js';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** A line as the kernel writes it. */
const line = (local: string, state: string, inode: number): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;

const TCP =
  HEAD +
  line('0100007F:1F90', '0A', 100) +
  line('00000000:0050', '0A', 101) +
  line('0100007F:1F91', '01', 102);
const TCP6 =
  HEAD +
  line('00000000000000000000000001000000:1F90', '0A', 200) +
  line('00000000000000000000000000000000:01BB', '0A', 201) +
  line('0000000000000000FFFF00000100007F:0FA0', '0A', 202);
const UDP = HEAD + line('0100007F:0035', '07', 300);

test('the addresses of the kernel’s tables are read in the machine’s byte order', () => {
  expect(parseSockets(TCP)).toEqual([
    { address: '127.0.0.1', port: 8080, listens: true, inode: '100' },
    { address: '0.0.0.0', port: 80, listens: true, inode: '101' },
    { address: '127.0.0.1', port: 8081, listens: false, inode: '102' },
  ]);
  expect(parseSockets(TCP6).map(({ address }) => address)).toEqual(['::1', '::', '127.0.0.1']);
  expect(parseSockets(UDP)[0]).toMatchObject({ port: 53, listens: true });
});

test('an empty table has no sockets', () => {
  expect(parseSockets('')).toEqual([]);
  expect(parseSockets(HEAD)).toEqual([]);
});

/** A /proc in which process 42 has these sockets. */
function fakeProc(inodes: readonly number[]): string {
  const root = mkdtempSync(join(tmpdir(), 'boxlite-proc-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('net/tcp', TCP);
  put('net/tcp6', TCP6);
  put('net/udp', UDP);
  put('7/comm', 'other\n');
  put('42/comm', 'nginx\n');
  put('version', 'not a process');
  mkdirSync(join(root, '42/fd'));
  symlinkSync('/dev/null', join(root, '42/fd/0'));
  for (const inode of inodes) symlinkSync(`socket:[${inode}]`, join(root, `42/fd/${inode}`));
  return root;
}

test.each<[number, HostPort]>([
  [100, { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080 }],
  [100, { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080 }],
  [200, { protocol: 'tcp', hostAddress: '::1', hostPort: 8080 }],
  [200, { protocol: 'tcp', hostAddress: '::', hostPort: 8080 }],
  [101, { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 80 }],
  [201, { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 443 }],
  [202, { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 4000 }],
  [300, { protocol: 'udp', hostAddress: '127.0.0.1', hostPort: 53 }],
])('socket %i keeps others off %o', async (inode, port) => {
  expect(await portOwner(port, fakeProc([inode]))).toEqual({ pid: 42, program: 'nginx' });
  expect(await portOwner(port, fakeProc([]))).toBeUndefined();
});

test.each<[string, number, HostPort]>([
  ['another address', 100, { protocol: 'tcp', hostAddress: '127.0.0.2', hostPort: 8080 }],
  ['another protocol', 100, { protocol: 'udp', hostAddress: '127.0.0.1', hostPort: 8080 }],
  ['a connection', 102, { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8081 }],
  ['all of IPv4', 101, { protocol: 'tcp', hostAddress: '::1', hostPort: 80 }],
])('a socket of %s keeps nobody off', async (_what, inode, port) => {
  expect(await portOwner(port, fakeProc([inode]))).toBeUndefined();
});

test('this process has the port that it listens at', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const hostPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const owner = await portOwner({ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort });
  expect(owner?.pid).toBe(process.pid);
});
