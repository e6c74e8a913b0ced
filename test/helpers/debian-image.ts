import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * Tags in the layout: `minbase` is one layer; the others add a layer of packages to it, so the images share
 * their base.
 */
export type DebianTag = 'minbase' | keyof typeof PACKAGES;

const PACKAGES = {
  python: ['python3'],
  /** Typical server software, and in /srv/packages a repository with one package to install. */
  services: ['postgresql', 'nginx-light', 'nodejs', 'python3'],
  /** Servers and clients of test/software. */
  network: [
    ...['apt-cacher-ng', 'fcgiwrap', 'git', 'iperf3', 'nginx-light', 'openssh-client'],
    ...['openssh-server', 'postgresql', 'redis-server', 'redis-tools', 'wrk'],
  ],
  /** The packages of docs/docker-in-a-box.md. */
  docker: ['docker.io', 'iptables', 'kmod', 'busybox-static'],
} as const;

/** The package source when the machine's apt reports none. */
const DEFAULT_SOURCE = { uri: 'http://deb.debian.org/debian', suite: 'bookworm' };
/** Change this when the recipe changes, so that no cached old image is used. */
const RECIPE = 'v1';
/** Also drops PostgreSQL's compiler, a third of the total size, which runs only for long queries. */
const MAKE_REPOSITORY = `
  rm -rf /usr/lib/llvm-* /usr/lib/*/libLLVM* /usr/lib/postgresql/*/lib/llvmjit.so
  mkdir /srv/packages && cd /srv/packages && apt-get -qq download hello
  for file in *.deb; do
    dpkg-deb --field $file
    echo "Filename: ./$file"
    echo "Size: $(stat -c %s $file)"
    echo "SHA256: $(sha256sum $file | cut -d ' ' -f 1)"
  done > Packages
  rm -rf /var/lib/postgresql/* /etc/postgresql/*
`;
/** A mirror that hangs must not hang the tests. */
const STEP_TIMEOUT_MS = 600_000;

/**
 * A realistic Debian: thousands of files, hard links, setuid programs, capabilities. Built once per machine
 * by debootstrap and umoci (about a minute per tag; needs root) and kept in the user's cache.
 * @returns the directory of an OCI layout that holds the image under its tag
 */
export async function debianLayout(tag: DebianTag): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'boxlite-test');
  const layout = join(cache, `debian-${tag}-${RECIPE}`);
  if (existsSync(layout)) return layout;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, `making-${tag}-`));
  try {
    const made = join(work, 'layout');
    if (tag === 'minbase') await makeMinbase(made, join(work, 'bundle'));
    else await addPackages(await debianLayout('minbase'), made, tag, join(work, 'bundle'));
    await run('umoci', ['gc', '--layout', made]);
    await renameUnlessMade(made, layout);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return layout;
}

async function makeMinbase(layout: string, bundle: string): Promise<void> {
  const { uri, suite } = await packageSource();
  const image = `${layout}:minbase`;
  await run('umoci', ['init', '--layout', layout]);
  await run('umoci', ['new', '--image', image]);
  await run('umoci', ['unpack', '--image', image, bundle]);
  const rootfs = join(bundle, 'rootfs');
  await run('debootstrap', ['--variant=minbase', suite, rootfs, uri]);
  await dropPackages(rootfs);
  await run('umoci', ['repack', '--image', image, bundle]);
  await run('umoci', ['config', '--image', image, '--config.cmd', '/bin/bash']);
}

async function addPackages(
  minbase: string,
  layout: string,
  tag: keyof typeof PACKAGES,
  bundle: string,
): Promise<void> {
  await run('cp', ['-a', minbase, layout]);
  await run('umoci', ['tag', '--image', `${layout}:minbase`, tag]);
  const image = `${layout}:${tag}`;
  await run('umoci', ['unpack', '--image', image, bundle]);
  const rootfs = join(bundle, 'rootfs');
  const inRoot = (...command: string[]): Promise<void> =>
    run('chroot', [rootfs, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command]);
  // The machine that builds the image must not run its services.
  const policy = join(rootfs, 'usr/sbin/policy-rc.d');
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await inRoot('apt-get', '-qq', '-y', 'install', '--no-install-recommends', ...PACKAGES[tag]);
  await rm(policy);
  if (tag === 'services') await inRoot('sh', '-ec', MAKE_REPOSITORY);
  await dropPackages(rootfs);
  await run('umoci', ['repack', '--image', image, bundle]);
}

/** The distribution of the machine's own packages. */
async function packageSource(): Promise<{ uri: string; suite: string }> {
  const format = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const targets = ['indextargets', 'Created-By: Packages', '--format', format];
  const listed = await execa('apt-get', targets).catch(() => undefined);
  for (const line of listed?.stdout.split('\n') ?? []) {
    const [uri = '', suite = '', component] = line.split(' ');
    if (component === 'main' && existsSync(`/usr/share/debootstrap/scripts/${suite}`))
      return { uri, suite };
  }
  return DEFAULT_SOURCE;
}

async function dropPackages(rootfs: string): Promise<void> {
  const archives = join(rootfs, 'var/cache/apt/archives');
  for (const name of await readdir(archives))
    if (name.endsWith('.deb')) await rm(join(archives, name));
}

/** If two processes build it at once, the first result stays. */
async function renameUnlessMade(made: string, layout: string): Promise<void> {
  try {
    await rename(made, layout);
  } catch (error) {
    if (!existsSync(layout)) throw error;
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  await execa(program, args, {
    env: { PATH, LC_ALL: 'C' },
    timeout: STEP_TIMEOUT_MS,
    stdin: 'ignore',
  });
}
