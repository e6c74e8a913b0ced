import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianLayout } from '../helpers/debian-image.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Building the image needs root. */
const isRoot = process.getuid?.() === 0;
const DEBIAN_TIMEOUT_MS = 900_000;

/** Common software is written for Docker's filter and capabilities; here Debian's packages meet ours. */
describe.runIf(isRoot)('in an ordinary box', () => {
  beforeAll(async () => {
    await home.ok(['load', '-q', '-i', await debianLayout('services')]);
    const [image = ''] = (await home.ok(['images', '-q', '*:services'])).split('\n');
    await home.ok(['run', '-d', '--name', 'debian', image, 'sleep', '6000']);
  }, DEBIAN_TIMEOUT_MS);
  afterAll(() => home.ok(['rm', '-f', 'debian']));

  const exec = (program: readonly string[], input: string): Promise<string> =>
    home.ok(['exec', '-i', 'debian', ...program], { input });
  const shell = (script: string): Promise<string> => exec(['sh', '-e'], script);

  it('apt, in its own sandbox, installs a package', async () => {
    const script = `
      echo 'deb [trusted=yes] file:/srv/packages ./' > /etc/apt/sources.list
      export DEBIAN_FRONTEND=noninteractive
      for what in update 'install hello'; do
        apt-get -qq -y -o APT::Sandbox::Seccomp=true $what > /tmp/log 2>&1 || cat /tmp/log
      done
      hello`;
    expect(await shell(script)).toBe('Hello, world!');
  });

  it('PostgreSQL makes a cluster, starts, and answers', async () => {
    const script = `
      PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
      install -d -o postgres /run/postgresql /srv/cluster
      as_postgres() { su postgres -s /bin/sh -c "PATH=$PATH; cd /srv/cluster; $1"; }
      as_postgres 'initdb --no-sync --auth=trust --locale=C . > /tmp/db.log 2>&1 || cat /tmp/db.log'
      as_postgres 'pg_ctl -s -w -t 200 -D . -l /tmp/db.log start || cat /tmp/db.log'
      as_postgres 'psql -Atc "select sum(n) from generate_series(1, 1000) n"'
      as_postgres 'pg_ctl -s -w -D . -m fast stop'`;
    expect(await shell(script)).toBe('500500');
  });

  it('nginx serves a page by a worker of its own user', async () => {
    const script = `
      echo served > /var/www/html/index.html
      service nginx start > /dev/null
      python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1").read().decode(), end="")'
      for status in /proc/[0-9]*/status; do
        grep -q '^Name:.nginx' $status && sed -n 's/^Uid:.\\([0-9]*\\).*/\\1/p' $status
      done | sort -u`;
    expect(await shell(script)).toBe('served\n0\n33');
  });

  it('Python runs threads, processes, and an event loop', async () => {
    const program = `
import asyncio, multiprocessing, subprocess, threading

def square(n):
    return n * n

async def echo():
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    reader, _ = await asyncio.open_connection(*server.sockets[0].getsockname())
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=-1)
    return await reader.read(), (await process.communicate())[0].decode().strip()

results = []
threads = [threading.Thread(target=results.append, args=(n,)) for n in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(sorted(results))
print(subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip())
print(asyncio.run(echo()))
with multiprocessing.Pool(2) as pool:
    print(pool.map(square, range(4)))
`;
    expect((await exec(['python3', '-'], program)).split('\n')).toEqual([
      ...['[0, 1, 2, 3, 4, 5, 6, 7]', '0', "(b'', 'child')", '[0, 1, 4, 9]'],
    ]);
  });

  it('Node.js runs workers, children, and a server', async () => {
    const program = `
      const { Worker } = require('node:worker_threads');
      const { execFileSync } = require('node:child_process');
      const { once } = require('node:events');
      (async () => {
        const worker = new Worker('require("node:worker_threads").parentPort.postMessage(6 * 7)', { eval: true });
        console.log(...(await once(worker, 'message')));
        console.log(String(execFileSync('id', ['-u'])).trim());
        const server = require('node:http').createServer((_, answer) => answer.end('served'));
        await once(server.listen(0, '127.0.0.1'), 'listening');
        console.log(await (await fetch('http://127.0.0.1:' + server.address().port)).text());
        process.exit();
      })();`;
    expect(await exec(['node', '-'], program)).toBe('42\n0\nserved');
  });
});
