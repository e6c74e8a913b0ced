import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianLayout } from '../helpers/debian-image.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** Building the image needs root. */
const isRoot = process.getuid?.() === 0;
const DEBIAN_TIMEOUT_MS = 900_000;
/** Under emulation, each of Docker's four programs starts in a second, a container in ten. */
const DOCKER_TIMEOUT_MS = 240_000;

/** The script of docs/docker-in-a-box.md. */
async function documentedScript(): Promise<string> {
  const page = await readFile(join(import.meta.dirname, '../../docs/docker-in-a-box.md'), 'utf8');
  return /```sh\n(#!\/bin\/sh\n.*?)```/s.exec(page)?.[1] ?? '';
}

describe.runIf(isRoot)('dockerd in a privileged box', { timeout: DOCKER_TIMEOUT_MS }, () => {
  const exec = (script: string): Promise<string> =>
    home.ok(['exec', '-i', 'engine', 'sh', '-e'], { input: script, timeoutMs: DOCKER_TIMEOUT_MS });

  beforeAll(async () => {
    await home.ok(['load', '-q', '-i', await debianLayout('docker')]);
    const image = (await home.ok(['images', '-q', '*:docker'])).split('\n')[0] ?? '';
    const script = join(home.path, 'start-docker');
    await writeFile(script, await documentedScript());
    await home.ok(['volume', 'create', '--opt', 'type=disk', '--opt', 'size=20g', 'dockerdata']);
    const flags = ['--name', 'engine', '--privileged', '-v', 'dockerdata:/var/lib/docker'];
    await home.ok(['create', ...flags, image, 'sh', '/start-docker']);
    await home.ok(['cp', script, 'engine:/start-docker']);
    await home.ok(['start', 'engine']);
    const logs = home.start(['logs', '-f', 'engine'], { timeoutMs: DOCKER_TIMEOUT_MS });
    await logs.output(/API listen on/);
    logs.child.kill('SIGKILL');
    await logs.result;
    await exec(`mkdir -p /tiny/bin; cp /bin/busybox /tiny/bin; ln -s busybox /tiny/bin/sh
      tar -C /tiny -c . | docker import - tiny > /dev/null`);
  }, DEBIAN_TIMEOUT_MS);
  afterAll(() => home.ok(['rm', '-f', 'engine']));

  it('keeps layers by overlay2 in its volume, and has every controller', async () => {
    const format = '{{.Driver}} {{.CgroupVersion}} {{.MemoryLimit}} {{.CPUSet}} {{.Warnings}}';
    expect(await exec(`docker info -f '${format}'`)).toBe('overlay2 2 true true []');
    expect(await exec('stat -f -c %T /var/lib/docker/overlay2')).toBe('ext2/ext3');
  });

  it('limits a container, while exec works beside it', async () => {
    const look = 'cd /sys/fs/cgroup; busybox cat memory.max cpuset.cpus pids.max';
    const flags = '-m 32m --memory-swap 32m --cpuset-cpus 0 --pids-limit 50 --network none';
    const script = `docker run --name full ${flags} tiny sh -c '${look}; busybox tail /dev/zero' ||
      docker inspect -f '{{.State.OOMKilled}}' full`;
    expect(await exec(script)).toBe('33554432\n0\n50\ntrue');
    expect(await exec('cat /proc/self/cgroup')).toBe('0::/init');
  });

  it('gives a container a network by rules of nftables, and publishes its port', async () => {
    const serve = 'busybox mkdir /web; echo served > /web/index.html; busybox httpd -f -h /web';
    const script = `docker run -d -p 8080:80 tiny sh -c '${serve}' > /dev/null
      for i in $(seq 60); do busybox wget -qO- http://127.0.0.1:8080/ 2> /dev/null && break; sleep 1; done
      docker run --rm tiny busybox wget -qO- http://172.17.0.2/
      iptables -V | grep -o nf_tables; iptables -t nat -S POSTROUTING | grep -c MASQUERADE`;
    expect(await exec(script)).toBe('served\nserved\nnf_tables\n2');
  });
});
