import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A registry server for one test. */
export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  host: string;
  stop(): Promise<void>;
}

export interface RegistrySetup {
  /** Files of its certificate and key, which make it use TLS. */
  tls?: { cert: string; key: string };
  /** Requires this name and password by Basic. */
  basic?: typeof BASIC_LOGIN;
  /** Requires tokens of this issuer, whose certificate is in the file. */
  token?: { realm: string; service: string; issuer: string; rootcertbundle: string };
}

/** The only login with a prepared hash: the registry takes only bcrypt. */
export const BASIC_LOGIN = { username: 'me', password: 'pass:word' } as const;
const BASIC_HASH = '$2y$05$abcdefghijklmnopqrstuuDIEddBSuRWBBEY6g5zv60IAP5bSSfki';

/** Nobody listens there, and only root could: a connection is refused. */
export const DEAD_HOST = '127.0.0.1:1';

const READY_WITHIN_MS = 60_000;

/**
 * Starts the distribution's registry on a free port of 127.0.0.1, with its storage in a temporary directory.
 */
export async function startRegistry(setup: RegistrySetup = {}): Promise<TestRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-registry-'));
  const config = join(directory, 'config.yml');
  const htpasswd = join(directory, 'htpasswd');
  if (setup.basic) await writeFile(htpasswd, `${setup.basic.username}:${BASIC_HASH}\n`);
  await writeFile(config, registryConfig(join(directory, 'storage'), htpasswd, setup));
  const server = spawn('docker-registry', ['serve', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  // The kernel chooses the port: one that we found free could be taken before the registry binds it.
  const listening = new Promise<string>((resolve) => {
    const look = (text: string): void => {
      log += text;
      const [, address] = / msg="listening on ([0-9.]+:[0-9]+)[",]/.exec(log) ?? [];
      if (address === undefined) return;
      server.stderr.off('data', look).resume();
      resolve(address);
    };
    server.stderr.setEncoding('utf8').on('data', look);
  });
  const ended = new Promise<never>((_resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${why}\n${log}`));
    server.once('error', (error) => fail(error.message));
    server.once('close', (code) => fail(`docker-registry ended with ${code ?? 'a signal'}`));
  });
  const stop = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended.catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const host = await Promise.race([ended, listening]);
    await Promise.race([ended, answering(host, setup)]);
    return { host, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function registryConfig(
  storage: string,
  htpasswd: string,
  { tls, basic, token }: RegistrySetup,
): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', ...(tls && { tls: { certificate: tls.cert, key: tls.key } }) },
    ...(basic && { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
    ...(token && { auth: { token } }),
  });
}

async function answering(host: string, { tls, basic, token }: RegistrySetup): Promise<void> {
  const ready = basic || token ? 401 : 200;
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const status = await statusOf(host, tls !== undefined).catch(() => undefined);
    if (status === ready) return;
    if (Date.now() > deadline) throw new Error(`${host} does not answer as a registry`);
    await delay(50);
  }
}

function statusOf(host: string, tls: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = tls
      ? https.get(`https://${host}/v2/`, { rejectUnauthorized: false, agent: false })
      : http.get(`http://${host}/v2/`, { agent: false });
    request.once('error', reject).once('response', (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
  });
}
