import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeProgram } from '../../../src/host/native-programs.js';
import type { AcceleratorName, InstalledVmm } from '../../../src/vmm/driver.js';
import { kernelCommandLine, machineArguments } from '../../../src/vmm/qemu/command.js';
import { HOST_PORT } from './backends.js';
import {
  type BackendName,
  type GuestNumber,
  memberAddress,
  MTU,
  netdev,
  passtArguments,
  publishedPort,
} from './backends.js';
import { Endpoint } from './endpoint.js';
import { HOST_ADDRESS } from './world.js';

export interface Programs {
  qemu: InstalledVmm;
  kernel: string;
  initramfs: string;
  accelerator: AcceleratorName;
  startVmm: string;
  /** Of the host's counter, which an emulated guest has, too. */
  tscKhz: number;
}

const MEMORY_MIB = 256;
const PASST_MS = 10_000;

/** A guest on one of the backends, with all processes that it takes. */
export interface Machine {
  endpoint: Endpoint;
  vmm: number;
  /** What passes its frames; nothing where the VMM itself does. */
  backend: number[];
}

/** All that runs, to be ended together. */
export class Machines implements AsyncDisposable {
  readonly #endpoints: Endpoint[] = [];
  readonly #servers: ChildProcess[] = [];

  constructor(
    private readonly directory: string,
    private readonly programs: Programs,
  ) {}

  /** A server on the host, until the end. */
  serve(...argv: string[]): number {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { stdio: 'ignore' });
    this.#servers.push(child);
    if (child.pid === undefined) throw new Error(`can't start ${program}`);
    return child.pid;
  }

  async endpoint(name: string, argv: readonly string[]): Promise<Endpoint> {
    const endpoint = await Endpoint.open(name, argv);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  async start(backend: BackendName, guest: GuestNumber): Promise<Machine> {
    const socket = join(this.directory, `${backend}-${guest}`);
    const passt = backend === 'passt' ? await this.#startPasst(guest, socket) : [];
    const starter = backend === 'boxlite' ? this.#starter(guest) : [];
    const name = `guest ${guest} of ${backend}`;
    const vmm = this.#vmm(backend, guest, socket);
    const endpoint = await this.endpoint(name, [...starter, ...vmm]);
    // The gateway learns here where the guest is.
    await endpoint.run(`connect ${HOST_ADDRESS} ${HOST_PORT} 1`);
    const started = backend === 'boxlite' ? (endpoint.output[0] ?? '').split(' ') : [];
    const net = started.map(Number).filter((pid) => pid > 0);
    return { endpoint, vmm: endpoint.child.pid ?? 0, backend: [...passt, ...net] };
  }

  async #startPasst(guest: GuestNumber, socket: string): Promise<number[]> {
    const pid = this.serve('passt', ...passtArguments(guest, socket));
    const until = performance.now() + PASST_MS;
    while (!existsSync(socket)) {
      if (performance.now() > until) throw new Error('passt does not listen');
      await sleep(20);
    }
    return [pid];
  }

  #starter(guest: GuestNumber): string[] {
    return [
      this.programs.startVmm,
      String(publishedPort('boxlite', guest)),
      ...[nativeProgram('boxlite-net'), nativeProgram('boxlite-hub')],
      ...[join(this.directory, 'hub'), String(guest + 10)],
    ];
  }

  /** A box's machine without its disks, and the console for the control port. */
  #vmm(backend: BackendName, guest: GuestNumber, socket: string): string[] {
    const { qemu, kernel, initramfs, accelerator, tscKhz } = this.programs;
    const mac = `02:42:00:00:00:${(guest + 10).toString(16).padStart(2, '0')}`;
    const own = `mtu=${MTU[backend]} member=${memberAddress(guest)}`;
    return [
      qemu.path,
      ...machineArguments({ accelerator, cpus: 1, memoryMib: MEMORY_MIB }),
      ...['-object', `memory-backend-ram,id=ram0,size=${MEMORY_MIB}M`],
      ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot', '-monitor', 'none'],
      ...['-kernel', kernel, '-initrd', initramfs],
      ...['-append', `${kernelCommandLine(tscKhz)} ${own}`],
      ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
      ...['-netdev', netdev(backend, guest, socket)],
      ...['-device', `virtio-net-device,netdev=net0,mac=${mac}`],
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
    for (const server of this.#servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    }
  }
}
