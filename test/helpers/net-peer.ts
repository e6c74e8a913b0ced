/**
 * The end of connections in one network namespace (test/helpers/namespaces.ts). Reads requests from stdin, one JSON
 * line each, and prints their results as lines: {"id":1,"result":…} or {"id":1,"error":"ECONNREFUSED"}.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const BLOCK = randomBytes(1 << 20);

/** How many bytes of a sender arrived, and what they were. */
export interface Stream {
  bytes: number;
  sha256: string;
}

export const requests = {
  /** Listens and does with each connection what `act` says. */
  async listen(host: string, port: number, act: keyof typeof acts): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, acts[act]);
    server.listen({ host, port, backlog: 4096, ipv6Only: true });
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  },

  /** Sends `mib` and ends, then reads to the end; both as their sender and receiver saw them. */
  async exchange(host: string, port: number, mib: number): Promise<[Stream, Stream]> {
    const socket = await open(host, port);
    const sent = await send(socket, mib);
    return [sent, await receive(socket)];
  },

  /** Reads to the end, and sends after that. */
  async exchangeLate(host: string, port: number, mib: number): Promise<[Stream, Stream]> {
    const socket = await open(host, port);
    const received = await receive(socket);
    return [await send(socket, mib), received];
  },

  /** What the server saw of the connections that have ended, by 'take' and 'give'. */
  received: (): Promise<Stream[]> => Promise.resolve(received.splice(0)),

  /** Opens so many connections at once; resolves with how many gave back what they were sent. */
  async burst(host: string, port: number, count: number): Promise<number> {
    const echoed = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const socket = await open(host, port);
        socket.end(`number ${index}`);
        const text = Buffer.concat((await socket.toArray()) as Buffer[]).toString();
        return text === `number ${index}`;
      }),
    );
    return echoed.filter(Boolean).length;
  },

  /** Connects and reads to the end; an error of either is the result. */
  async reach(host: string, port: number): Promise<string> {
    try {
      const socket = await open(host, port, 5000);
      socket.write('?');
      return Buffer.concat((await socket.toArray()) as Buffer[]).toString();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
  },

  /** Answers each datagram by itself. */
  async echoDatagrams(host: string, port: number): Promise<number> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    socket.bind(port, host);
    await once(socket, 'listening');
    return socket.address().port;
  },

  /** Sends datagrams of these sizes, one after the other; resolves with the sizes of those that came back right. */
  async datagrams(host: string, port: number, sizes: number[]): Promise<number[]> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const back: number[] = [];
    for (const size of sizes) {
      const message = BLOCK.subarray(size, 2 * size);
      socket.send(message, port, host);
      const [answer] = (await once(socket, 'message', {
        signal: AbortSignal.timeout(5000),
      })) as [Buffer];
      if (answer.equals(message)) back.push(answer.length);
    }
    socket.close();
    return back;
  },
};

const received: Stream[] = [];

const acts = {
  /** Reads to the end, then sends as much. */
  take: (socket: Socket) =>
    void serve(socket, async () => {
      const got = await receive(socket);
      received.push(got, await send(socket, got.bytes >> 20));
    }),
  /** Sends 8 MiB and ends, then reads to the end. */
  give: (socket: Socket) =>
    void serve(socket, async () => {
      received.push(await send(socket, 8), await receive(socket));
    }),
  echo: (socket: Socket) => void socket.pipe(socket),
  /** Resets what sends something. */
  reset: (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy()),
  greet: (socket: Socket) => void socket.end('reached'),
};

async function serve(socket: Socket, act: () => Promise<void>): Promise<void> {
  await act().catch((error: unknown) => console.error(error));
  socket.destroy();
}

async function open(host: string, port: number, timeoutMs = 20_000): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  return socket;
}

async function send(socket: Socket, mib: number): Promise<Stream> {
  const hash = createHash('sha256');
  for (let sent = 0; sent < mib; sent++) {
    BLOCK.writeUInt32LE(sent);
    const block = Buffer.from(BLOCK);
    hash.update(block);
    if (!socket.write(block)) await once(socket, 'drain');
  }
  socket.end();
  return { bytes: mib << 20, sha256: hash.digest('hex') };
}

async function receive(socket: Socket): Promise<Stream> {
  const hash = createHash('sha256');
  let bytes = 0;
  // Its iterator would destroy the socket at the end, and with it the way back.
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  await once(socket, 'end');
  return { bytes, sha256: hash.digest('hex') };
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => void answer(line));
lines.on('close', () => process.exit());

async function answer(line: string): Promise<void> {
  const { id, name, args } = JSON.parse(line) as {
    id: number;
    name: string;
    args: never[];
  };
  try {
    const act = requests as unknown as Record<string, (...values: never[]) => Promise<unknown>>;
    console.log(JSON.stringify({ id, result: await act[name]?.(...args) }));
  } catch (error) {
    console.log(
      JSON.stringify({ id, error: (error as NodeJS.ErrnoException).code ?? String(error) }),
    );
  }
}
