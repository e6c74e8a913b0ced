import { once } from 'node:events';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHelper } from '../helpers/bundle-helper.js';
import { BOXLITE } from '../helpers/cli.js';
import { debianLayout } from '../helpers/debian-image.js';
import { Namespaces } from '../helpers/namespaces.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
const MAKING_MS = 900_000;

const SERVER = '203.0.113.5';
const PROXY_PORT = 3142;

const NGINX = `
user root;
events {}
http {
  access_log off;
  server {
    listen 80;
    location / {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT /srv;
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_pass unix:/run/fcgiwrap.sock;
    }
  }
}
`;

/** What the other machine has before its servers start. */
const PREPARE = `
  ssh-keygen -A
  mkdir -p /run/sshd /root/.ssh /srv/work
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id
  cp /root/.ssh/id.pub /root/.ssh/authorized_keys
  cd /srv/work
  git init -q -b main
  for n in $(seq 300); do head -c 4000 /dev/urandom > file-$n; done
  git add .
  git -c user.name=tester -c user.email=tester@git.test commit -q -m all
  git clone -q --bare . /srv/repo.git
`;

const SERVERS = [
  ['/usr/sbin/sshd', '-D'],
  ['fcgiwrap', '-s', 'unix:/run/fcgiwrap.sock'],
  ['nginx', '-g', 'daemon off;'],
  ['iperf3', '-s'],
];

/** Servers and clients that nobody here wrote, as Debian has them. Only root makes the image and namespaces. */
describe.runIf(process.getuid?.() === 0)('Debian’s software', () => {
  const namespaces = new Namespaces();
  let image = '';
  const root = (): string => join(home.path, 'world', 'rootfs');
  const conf = (): string => join(home.path, 'resolv.conf');

  /** A program of the image that runs on the host. */
  const ofImage = (...command: string[]): string[] => [
    ...['unshare', '-m', 'sh', '-ec'],
    'mount --rbind /dev $0/dev; mount -t proc proc $0/proc; exec chroot $0 "$@"',
    ...[root(), ...command],
  ];
  const onHost = async (...command: string[]): Promise<string> => {
    const [program = '', ...args] = ofImage(...command);
    return (await execa(program, args)).stdout;
  };

  /** A box in the namespace whose only way out leads to the machine `git.test`. */
  async function nearServer(flags: readonly string[], script: string): Promise<string> {
    const { stdout } = await execa(
      'nsenter',
      [
        ...[`--net=${namespaces.path('host')}`, 'unshare', '-m', 'sh', '-ec'],
        ...['mount --bind $0 /etc/resolv.conf; exec "$@"', conf(), BOXLITE],
        ...['run', '--rm', ...flags, image, 'sh', '-ec', script],
      ],
      { env: { HOME: home.path, BOXLITE_HOME: home.path } },
    );
    return stdout;
  }

  beforeAll(async () => {
    const layout = await debianLayout('network');
    await home.ok(['load', '-q', '-i', layout]);
    [image = ''] = (await home.ok(['images', '-q', '*:network'])).split('\n');
    await execa('umoci', ['unpack', '--image', `${layout}:network`, join(home.path, 'world')]);
    await copyFile('/etc/resolv.conf', join(root(), 'etc/resolv.conf'));
    await onHost('sh', '-ec', PREPARE);
    await writeFile(join(root(), 'etc/nginx/nginx.conf'), NGINX);

    for (const name of ['host', 'world']) await namespaces.add(name);
    await namespaces.ip('host', 'link add wan type veth peer name wan netns @world');
    for (const [name, address] of [
      ['host', '203.0.113.1/24'],
      ['world', `${SERVER}/24`],
    ] as const) {
      await namespaces.ip(name, `addr add ${address} dev wan`);
      await namespaces.ip(name, 'link set wan up');
    }
    await writeFile(conf(), 'nameserver 127.0.0.53\n');
    const dns = join(home.path, 'fake-dns.mjs');
    await bundleHelper('fake-dns', dns);
    const names = JSON.stringify({ 'git.test': [SERVER] });
    const server = namespaces.spawn('host', process.execPath, dns, '127.0.0.53', names);
    if (server.stdout) await once(createInterface({ input: server.stdout }), 'line');
    for (const command of SERVERS) namespaces.serve('world', ...ofImage(...command));
  }, MAKING_MS);
  afterAll(() => namespaces.close());

  it('git clones over http and over ssh, by a rule of its name', async () => {
    const key = join(root(), 'root/.ssh/id');
    const script = `
      cp /key /root/key && chmod 600 /root/key
      export GIT_SSH_COMMAND='ssh -i /root/key -o StrictHostKeyChecking=no -o LogLevel=ERROR'
      for url in http://git.test/repo.git ssh://root@git.test/srv/repo.git; do
        git clone -q $url /root/clone
        git -C /root/clone fsck --no-dangling >&2
        git -C /root/clone rev-parse HEAD
        ls /root/clone | wc -l
        rm -rf /root/clone
      done
      git clone -q http://${SERVER}:8080/repo.git 2>/dev/null || echo refused`;
    const head = await onHost('git', '-C', '/srv/repo.git', 'rev-parse', 'HEAD');
    const flags = [
      ...['--allow-net', 'git.test:80/tcp', '--allow-net', 'git.test:22/tcp'],
      ...['-v', `${key}:/key:ro`],
    ];
    const lines = (await nearServer(flags, script)).split('\n');
    expect(lines).toEqual([head, '300', head, '300', 'refused']);
  });

  it('iperf3 measures both ways', async () => {
    const script = 'for way in "" -R; do iperf3 -c git.test -t 3 $way -J; done';
    const output = await nearServer([], script);
    const results = JSON.parse(`[${output.replaceAll(/^}\s*^{/gm, '},{')}]`) as {
      error?: string;
      end: { sum_received: { bytes: number } };
    }[];
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
    for (const { end } of results) expect(end.sum_received.bytes).toBeGreaterThan(10 << 20);
  });

  it('nginx answers every request of wrk at its published port', async () => {
    const pages =
      'rm /etc/nginx/nginx.conf.bak 2>/dev/null; echo served > /var/www/html/index.html';
    const serve = `${pages}; exec nginx -g 'daemon off;'`;
    await home.ok(['run', '-d', '--name', 'web', '-p', '80', image, 'sh', '-c', serve]);
    const [, port = ''] = (await home.ok(['port', 'web', '80'])).split(':');
    const url = `http://127.0.0.1:${port}/`;
    await expect.poll(() => fetch(url).then((answer) => answer.text())).toBe('served\n');
    const report = await onHost('wrk', '-t', '1', '-c', '50', '-d', '10', url);
    expect(report).not.toMatch(/Socket errors|Non-2xx/);
    expect(Number(/^ *(\d+) requests in/m.exec(report)?.[1])).toBeGreaterThan(100);
    await home.ok(['rm', '-f', 'web']);
  });

  it('apt updates and installs through a caching proxy', async () => {
    const cache = join(root(), 'var/cache/apt-cacher-ng');
    const proxy = execa('unshare', [
      ...ofImage('apt-cacher-ng', 'ForeGround=1', `Port=${PROXY_PORT}`).slice(1),
    ]);
    try {
      const [host] = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .filter(({ family, internal }) => family === 'IPv4' && !internal);
      const script = `
        echo 'Acquire::http::Proxy "http://${host?.address}:${PROXY_PORT}";' > /etc/apt/apt.conf.d/proxy
        apt-get -qq update
        apt-get -qq -y install hello >/dev/null 2>&1
        hello`;
      const rule = `--allow-net=${host?.address}:${PROXY_PORT}/tcp`;
      expect(await home.ok(['run', '--rm', rule, image, 'sh', '-ec', script])).toBe(
        'Hello, world!',
      );
      expect(await readdir(cache)).not.toEqual([]);
    } finally {
      proxy.kill();
      await proxy.catch(() => undefined);
    }
  });

  describe('in boxes of one network', () => {
    beforeAll(() => home.ok(['network', 'create', 'app']));
    afterAll(() => home.ok(['network', 'rm', 'app']));
    const inBox = (script: string): Promise<string> =>
      home.ok(['run', '--rm', '--network', 'app', image, 'sh', '-ec', script]);

    it('PostgreSQL serves a client by the name of its box', async () => {
      const serve = `
        PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
        install -d -o postgres /run/postgresql /srv/cluster
        su postgres -s /bin/sh -c "$(command -v initdb) --no-sync --auth=trust --locale=C /srv/cluster" >&2
        echo 'host all all samenet trust' >> /srv/cluster/pg_hba.conf
        exec su postgres -s /bin/sh -c "$(command -v postgres) -D /srv/cluster -c listen_addresses='*'"`;
      await home.ok(['run', '-d', '--name', 'db', '--network', 'app', image, 'sh', '-ec', serve]);
      const ask = `
        until pg_isready -q -h db; do sleep 1; done
        psql -h db -U postgres -Atc 'create table t as select n from generate_series(1, 100000) n'
        psql -h db -U postgres -Atc 'select sum(n) from t'
        psql -h db -U postgres -Atc 'select n from t order by n' | sha256sum`;
      const sum = (await execa('sh', ['-c', 'seq 100000 | sha256sum'])).stdout;
      expect(await inBox(ask)).toBe(`SELECT 100000\n5000050000\n${sum}`);
      await home.ok(['rm', '-f', 'db']);
    });

    it('redis-benchmark finds every answer right', async () => {
      const serve = ['redis-server', '--protected-mode', 'no', '--save', ''];
      await home.ok(['run', '-d', '--name', 'cache', '--network', 'app', image, ...serve]);
      const load = `
        until redis-cli -h cache ping >/dev/null 2>&1; do sleep 1; done
        redis-benchmark -h cache -q -n 3000 -c 20 -t set,get,lpush,mset --csv >&2
        redis-cli -h cache llen mylist`;
      const { stdout, stderr, status } = await home.boxlite([
        ...['run', '--rm', '--network', 'app', image, 'sh', '-ec', load],
      ]);
      expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: '3000\n' });
      expect(stderr.match(/^"(SET|GET|LPUSH|MSET[^"]*)","[\d.]+"/gm)).toHaveLength(4);
      await home.ok(['rm', '-f', 'cache']);
    });

    it('iperf3 measures from box to box', async () => {
      await home.ok(['run', '-d', '--name', 'meter', '--network', 'app', image, 'iperf3', '-s']);
      const { end } = JSON.parse(await inBox('sleep 1; iperf3 -c meter -t 3 -J')) as {
        end: { sum_received: { bytes: number } };
      };
      expect(end.sum_received.bytes).toBeGreaterThan(10 << 20);
      await home.ok(['rm', '-f', 'meter']);
    });
  });
});
