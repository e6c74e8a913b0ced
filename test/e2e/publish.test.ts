import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { idleBox } from '../helpers/library-box.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

/** Ports of test/helpers/echo-server.c. */
const ECHO = 7;
const COUNT = 9;

/** An image whose command is the echo server, and which exposes its ports. */
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-echo-'));
  const program = await readFile(await buildGuestProgram(directory, 'echo-server'));
  await rm(directory, { recursive: true });
  const install = 'cat > /echo-server && chmod 755 /echo-server';
  await home.ok(['run', '-i', '--name', 'maker', 'busybox', 'sh', '-c', install], {
    input: program,
  });
  const expose = `EXPOSE ${ECHO}/tcp ${ECHO}/udp ${COUNT}/tcp`;
  await home.ok(['commit', '-c', 'CMD ["/echo-server"]', '-c', expose, 'maker', 'echo']);
  await home.ok(['rm', 'maker']);
});

/** Runs the echo server, removed with the test. */
async function serve(name: string, flags: readonly string[]): Promise<void> {
  await home.ok(['run', '-d', '--name', name, ...flags, 'echo']);
  onTestFinished(async () => {
    await home.boxlite(['rm', '-f', name]);
  });
  await listening(name);
}

/** @param times how often it has begun to listen */
async function listening(name: string, times = 1): Promise<void> {
  await lookUntil(
    () => home.ok(['logs', name]),
    (log) => log.split('listening').length > times,
  );
}

/** `127.0.0.1:49153` → 49153 */
async function portOf(name: string, port: string | number = ECHO): Promise<number> {
  const where = await home.ok(['port', name, String(port)]);
  return Number(where.slice(where.lastIndexOf(':') + 1));
}

/** Sends all, ends its own direction, and returns all that comes back. */
async function exchange(port: number, bytes: Buffer, host = '127.0.0.1'): Promise<Buffer> {
  const socket = connect({ port, host, allowHalfOpen: true });
  const answer = buffer(socket);
  socket.end(bytes);
  return answer;
}

async function ask(port: number, bytes: Buffer, host = '127.0.0.1'): Promise<Buffer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const answer = once(socket, 'message');
  socket.send(bytes, port, host);
  const [message] = (await answer) as [Buffer];
  socket.close();
  return message;
}

/** A port of the host that something else has. */
async function occupied(port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

/** A port that nobody has at the moment. */
async function free(): Promise<number> {
  const { port, server } = await occupied();
  server.close();
  await once(server, 'close');
  return port;
}

const hello = Buffer.from('hello\n');
/** The address at which other machines reach this one. */
const outward = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const hasIPv6 = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === '::1');

describe('a published port', () => {
  it('is where -p says, and port, ps and inspect say the same', async () => {
    const port = await free();
    await serve('fixed', ['-p', `${port}:${ECHO}`]);
    expect(await exchange(port, hello)).toEqual(hello);
    expect(await home.ok(['port', 'fixed'])).toBe(`${ECHO}/tcp -> 127.0.0.1:${port}`);
    expect(await home.ok(['port', 'fixed', String(ECHO)])).toBe(`127.0.0.1:${port}`);
    expect(await home.ok(['ps', '--format', '{{.Ports}}'])).toBe(
      `${ECHO}/udp, ${COUNT}/tcp, 127.0.0.1:${port}->${ECHO}/tcp`,
    );
    const template =
      `{{(index (index .NetworkSettings.Ports "${ECHO}/tcp") 0).HostPort}}` +
      ' {{range .NetworkSettings.Networks}}{{.IPAddress}} {{.MacAddress}}{{end}}';
    expect(await home.ok(['inspect', '-f', template, 'fixed'])).toMatch(
      new RegExp(`^${port} 10\\.0\\.2\\.15 02:42(:[0-9a-f]{2}){4}$`),
    );
    expect(await home.ok(['ps', '-q', '-f', `publish=${port}`])).not.toBe('');
    expect(await home.ok(['ps', '-q', '-f', `publish=${ECHO}`])).toBe('');
  });

  it('has the address and the MAC address in the box that inspect says', async () => {
    await serve('addressed', []);
    const mac = await home.ok(['inspect', '-f', '{{.NetworkSettings.MacAddress}}', 'addressed']);
    const shown = await home.ok(['exec', 'addressed', 'ip', 'address', 'show', 'eth0']);
    expect(shown).toContain(`link/ether ${mac}`);
    expect(shown).toContain('inet 10.0.2.15/24');
    expect(shown).toContain('inet6 fd62:6f78:6c74::15/64');
  });

  it('is chosen by the system and kept over restarts, unless another has taken it', async () => {
    await serve('chosen', ['-p', String(ECHO)]);
    const port = await portOf('chosen');
    expect(await exchange(port, hello)).toEqual(hello);
    const added = await free();
    const where = `${COUNT}/tcp -> 127.0.0.1:${added}`;
    expect(await home.ok(['port', 'add', 'chosen', `${added}:${COUNT}`])).toBe(where);
    expect(await exchange(added, hello)).toEqual(Buffer.from(`${hello.length}\n`));
    await home.ok(['restart', '-t', '0', 'chosen']);
    await listening('chosen', 2);
    expect(await portOf('chosen')).toBe(port);
    expect(await exchange(port, hello)).toEqual(hello);
    expect(await portOf('chosen', COUNT)).toBe(added);
    await home.ok(['port', 'rm', 'chosen', `${COUNT}/tcp`]);
    await expect(exchange(added, hello)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await home.ok(['port', 'chosen'])).toBe(`${ECHO}/tcp -> 127.0.0.1:${port}`);
    await home.ok(['stop', '-t', '0', 'chosen']);
    expect(await home.ok(['port', 'chosen'])).toBe('');
    await occupied(port);
    await home.ok(['start', 'chosen']);
    await listening('chosen', 3);
    const another = await portOf('chosen');
    expect(another).not.toBe(port);
    expect(await exchange(another, hello)).toEqual(hello);
  });

  it('is published again when the restart policy starts the box', async () => {
    const port = await free();
    const flags = ['--restart', 'always', '-p', `${port}:${ECHO}`, '-p', `${ECHO}/udp`];
    await serve('restarted', flags);
    const datagrams = await portOf('restarted', `${ECHO}/udp`);
    const socket = createSocket('udp4');
    socket.send('fail', datagrams, '127.0.0.1');
    await listening('restarted', 2);
    socket.close();
    expect(await portOf('restarted')).toBe(port);
    expect(await portOf('restarted', `${ECHO}/udp`)).toBe(datagrams);
    expect(await exchange(port, hello)).toEqual(hello);
    expect(await ask(datagrams, hello)).toEqual(hello);
  });

  it('is any free one of a range', async () => {
    const { port } = await occupied();
    await serve('ranged', ['-p', `${port}-${port + 20}:${ECHO}`]);
    const got = await portOf('ranged');
    expect(got).toBeGreaterThan(port);
    expect(got).toBeLessThanOrEqual(port + 20);
    expect(await exchange(got, hello)).toEqual(hello);
  });

  it('carries datagrams and their answers', async () => {
    await serve('datagrams', ['-p', `0:${ECHO}/udp`]);
    const port = await portOf('datagrams', `${ECHO}/udp`);
    const large = randomBytes(1_400);
    for (const bytes of [hello, large]) expect(await ask(port, bytes)).toEqual(bytes);
  });

  it.runIf(hasIPv6)('can be on an address of IPv6', async () => {
    await serve('six', ['-p', `[::1]::${ECHO}`, '-p', `[::1]::${ECHO}/udp`]);
    expect(await home.ok(['port', 'six', String(ECHO)])).toMatch(/^\[::1\]:\d+$/);
    expect(await exchange(await portOf('six'), hello, '::1')).toEqual(hello);
    expect(await ask(await portOf('six', `${ECHO}/udp`), hello, '::1')).toEqual(hello);
  });

  it('of the image is published by -P', async () => {
    await serve('all', ['-P']);
    const lines = (await home.ok(['port', 'all'])).split('\n');
    expect(lines.map((line) => line.replace(/\d+$/, ''))).toEqual([
      `${ECHO}/tcp -> 127.0.0.1:`,
      `${ECHO}/udp -> 127.0.0.1:`,
      `${COUNT}/tcp -> 127.0.0.1:`,
    ]);
    expect(await exchange(await portOf('all'), hello)).toEqual(hello);
    expect(await ask(await portOf('all', `${ECHO}/udp`), hello)).toEqual(hello);
  });

  it('is an option of the library, too', async () => {
    const box = await idleBox(home, {
      rootfs: { image: 'echo' },
      idle: false,
      ports: [{ boxPort: ECHO }],
    });
    expect((await box.info()).ports).toEqual([]);
    await box.start();
    await listening(box.id);
    const { ports = [] } = await box.info();
    expect(ports).toMatchObject([{ protocol: 'tcp', hostAddress: '127.0.0.1', boxPort: ECHO }]);
    expect(await exchange(ports[0]?.hostPort ?? 0, hello)).toEqual(hello);
  });
});

describe('a published port is open', () => {
  it.runIf(outward !== undefined)('to this host only, unless -p says otherwise', async () => {
    const address = outward ?? '';
    const port = await free();
    await serve('closed', ['-p', `${port}:${ECHO}`, '-p', `0.0.0.0:0:${COUNT}`]);
    await expect(exchange(port, hello, address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await exchange(port, hello, 'localhost')).toEqual(hello);
    const open = await portOf('closed', COUNT);
    expect((await exchange(open, hello, address)).toString()).toBe('6\n');
  });
});

describe('a connection', () => {
  it('carries some MB both ways at once, byte for byte', async () => {
    await serve('bulk', ['-p', String(ECHO)]);
    const bytes = randomBytes(8 * 2 ** 20);
    const back = await exchange(await portOf('bulk'), bytes);
    expect(back.equals(bytes)).toBe(true);
  });

  it('that has ended in one direction goes on in the other', async () => {
    await serve('half', ['-p', String(COUNT)]);
    const bytes = randomBytes(300_000);
    expect((await exchange(await portOf('half', COUNT), bytes)).toString()).toBe('300000\n');
  });

  it('works beside 199 others that are open', async () => {
    await serve('many', ['-p', String(ECHO)]);
    const port = await portOf('many');
    const sockets: Socket[] = [];
    const answers = Array.from({ length: 200 }, async (_, index) => {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      socket.write(`${index}\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString();
    });
    // None is closed before each has its answer.
    expect(await Promise.all(answers)).toEqual(answers.map((_, index) => `${index}\n`));
    for (const socket of sockets) socket.destroy();
  });

  it('to a port at which nothing listens is reset at once', async () => {
    await serve('deaf', ['-p', '80']);
    const begun = performance.now();
    await expect(exchange(await portOf('deaf', 80), hello)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|ECONNREFUSED|EPIPE)$/) as string,
    });
    expect(performance.now() - begun).toBeLessThan(20_000);
  });

  it('is refused once the box has stopped', async () => {
    await serve('stopped', ['-p', String(ECHO)]);
    const port = await portOf('stopped');
    await home.ok(['stop', '-t', '0', 'stopped']);
    await expect(exchange(port, hello)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a port that is in use', () => {
  it('fails the start, which names the process that has it', async () => {
    const { port } = await occupied();
    const flags = ['--name', 'late', '-p', `${port}:${ECHO}`];
    const { status, stderr } = await home.boxlite(['run', '-d', ...flags, 'echo']);
    expect(status).toBe(125);
    expect(stderr).toContain(
      `box late did not start: can't listen on 127.0.0.1:${port}/tcp: Address already in use`,
    );
    expect(stderr).toContain(`pid ${process.pid}, has it`);
    await home.ok(['rm', 'late']);
  });

  it('fails the start, which names the box that has it', async () => {
    const port = await free();
    await serve('first', ['-p', `${port}:${ECHO}`]);
    const flags = ['--name', 'second', '-p', `0.0.0.0:${port}:${ECHO}`];
    const { status, stderr } = await home.boxlite(['run', '-d', ...flags, 'echo']);
    expect(status).toBe(125);
    expect(stderr).toContain('Address already in use (box first publishes it)');
    await home.ok(['rm', 'second']);
    expect(await exchange(port, hello)).toEqual(hello);
  });
});
