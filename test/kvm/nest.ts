/**
 * A /dev/kvm for machines that have none: a virtual machine by emulation, in whose processor AMD's SVM is emulated as
 * well, so that KVM works in it. It boots Debian's kernel and sees the host's files: what is built here is tested there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { cpio, type CpioEntry, FILE_TYPES } from '../../src/vmm/guest/cpio.js';
import { extractKernel } from '../../src/vmm/kernel/kernel-image.js';
import { findKernel } from '../../src/vmm/kernel/kernel-package.js';
import { orderModules } from '../../src/vmm/kernel/module-order.js';
import { takeOutStore } from './emulated-vmrun.js';

/** What the outer guest needs of its kernel. */
const MODULES = [
  ...['virtio_pci', 'virtio_blk', '9p', '9pnet_virtio', 'overlay', 'ext4', 'crc32c_generic'],
  'kvm_amd',
];

/** Sparse; a template takes some 100 MB of it. */
const SCRATCH_BYTES = 12 * 2 ** 30;

/** For a box of 2 GiB, of which little is used, and all else. */
const MEMORY_MIB = 5 * 1024;

const PROBE_MS = 60_000;

/** Debian's kernel as its package has it. */
export interface DebianKernel {
  vmlinuz: string;
  /** /lib/modules/VERSION */
  modules: string;
}

/** The kernel that the package lists know, downloaded and unpacked once. */
export async function debianKernel(cache: string): Promise<DebianKernel> {
  const record = join(cache, 'kernel.json');
  if (!existsSync(record)) {
    const directory = join(cache, 'kernel');
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    const { image, modules = '' } = await findKernel(directory, (message) => {
      console.log(message);
    });
    await writeFile(`${record}.new`, JSON.stringify({ vmlinuz: image, modules }));
    await rename(`${record}.new`, record);
  }
  return JSON.parse(await readFile(record, 'utf8')) as DebianKernel;
}

/** Whether this kernel comes up by the machine's own KVM; that /dev/kvm opens proves nothing. */
export async function kvmBoots(cache: string, kernel: DebianKernel): Promise<boolean> {
  const mayOpen = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!mayOpen) return false;
  const lines: string[] = [];
  await runNest(cache, kernel, {
    job: 'echo up',
    processor: ['-accel', 'kvm', '-cpu', 'host'],
    silenceMs: PROBE_MS,
    onLine: (line) => lines.push(line),
  });
  return lines.includes('up');
}

export interface NestOptions {
  /** A shell script for root in the outer guest, where the host's files are, and /scratch to keep some from run to run. */
  job: string;
  /** A nest that has said nothing for so long is ended. */
  silenceMs: number;
  onLine: (line: string) => void;
  stdin?: 'inherit' | 'ignore';
  processor?: readonly string[];
}

/**
 * By emulation. With `icount` the guest's time is counted in instructions, a thousand million a second: it is that of a real
 * machine, and what else this one does changes nothing of it, so deadlines hold there as they are. With la57 the kernel
 * makes page tables that QEMU's SVM does not know.
 */
const EMULATED = [
  '-accel',
  'tcg,thread=single,tb-size=512',
  '-icount',
  'shift=0,sleep=on',
  '-cpu',
  'max,+svm,-la57',
];

/** Resolves when the outer guest has gone, however it went. */
export async function runNest(
  cache: string,
  kernel: DebianKernel,
  { job, silenceMs, onLine, stdin = 'ignore', processor = EMULATED }: NestOptions,
): Promise<void> {
  const vmlinux = join(cache, 'vmlinux');
  const initramfs = join(cache, 'initramfs');
  const scratch = join(cache, 'scratch.ext4');
  await writeFile(vmlinux, await extractKernel(await readFile(kernel.vmlinuz), kernel.vmlinuz));
  await writeFile(initramfs, await outerInitramfs(kernel, job));
  if (!existsSync(scratch)) await makeDisk(scratch);
  const argv = [
    // With two processors all is slower, and the outer kernel may panic (QEMU 7.2).
    ...['-M', 'q35', ...processor, '-smp', '1', '-m', String(MEMORY_MIB)],
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'],
    ...['-kernel', vmlinux, '-initrd', initramfs],
    ...['-append', 'console=ttyS0 panic=-1 reboot=t quiet'],
    ...['-serial', `file:${consoleLog(cache)}`, '-serial', 'stdio'],
    ...['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'],
    // What is on it can be made again.
    ...['-drive', `file=${scratch},format=raw,if=virtio,cache=unsafe`],
  ];
  const qemu = spawn('qemu-system-x86_64', argv, { stdio: [stdin, 'pipe', 'inherit'] });
  if (qemu.pid === undefined) throw new Error('qemu-system-x86_64 does not start');
  // Whatever else the machine has to do goes first.
  setPriority(qemu.pid, 15);
  if (processor === EMULATED) takeOutStore(qemu.pid);
  const end = (): void => void qemu.kill('SIGKILL');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const timer = setTimeout(end, silenceMs);
  createInterface({ input: qemu.stdout }).on('line', (line) => {
    timer.refresh();
    onLine(line.trimEnd());
  });
  await once(qemu, 'close');
  clearTimeout(timer);
}

/** What the outer kernel had to say. */
export function consoleLog(cache: string): string {
  return join(cache, 'console.log');
}

async function outerInitramfs(kernel: DebianKernel, job: string): Promise<Buffer> {
  const wanted = MODULES.map((name) => ({ name, optional: false }));
  const modules = await orderModules(kernel.modules, wanted);
  const list = modules.map(({ name }) => `/modules/${name}.ko\n`).join('');
  const { stdout: busybox } = await execa('sh', ['-c', 'command -v busybox']);
  return cpio([
    ...['bin', 'dev', 'modules'].map(directory),
    { path: 'dev/console', mode: FILE_TYPES.CHARACTER | 0o600, device: { major: 5, minor: 1 } },
    file('init', await readFile('test/kvm/outer-init')),
    file('job', Buffer.from(job)),
    file('bin/busybox', await readFile(busybox)),
    file('modules/list', Buffer.from(list)),
    ...modules.map(({ name, data }) => file(`modules/${name}.ko`, data)),
  ]);
}

function directory(path: string): CpioEntry {
  return { path, mode: FILE_TYPES.DIRECTORY | 0o755 };
}

function file(path: string, data: Buffer): CpioEntry {
  return { path, mode: FILE_TYPES.FILE | 0o755, data };
}

async function makeDisk(path: string): Promise<void> {
  const work = await mkdtemp(`${path}-`);
  const made = join(work, 'disk');
  const disk = await open(made, 'w');
  await disk.truncate(SCRATCH_BYTES);
  await disk.close();
  const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
  await execa('mke2fs', ['-q', '-F', '-t', 'ext4', made], { env: { PATH } });
  await rename(made, path);
  await rm(work, { recursive: true });
}
