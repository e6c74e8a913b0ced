import { execFile } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { BoxliteHome } from './boxlite-home.js';
import { isRecord } from './json.js';

/** What the figures were measured on; a label and a value each, in the order to print. */
export type Machine = Record<string, string>;

export async function describeMachine(boxlite: BoxliteHome, podman: string): Promise<Machine> {
  const info = await boxlite.json(['info', '--format', 'json']);
  const part = (name: string): Record<string, unknown> => {
    const value = isRecord(info) ? info[name] : undefined;
    return isRecord(value) ? value : {};
  };
  const [accelerator, qemu, kernel] = [part('Accelerator'), part('Qemu'), part('Kernel')];
  return {
    ...describeHost('start'),
    Accelerator: `${text(accelerator.Used)} (${text(accelerator.Reason)})`,
    QEMU: text(qemu.Version),
    'Guest kernel': text(kernel.Version),
    BoxLite: isRecord(info) ? text(info.ServerVersion) : '',
    Node: process.version,
    podman,
  };
}

/** What the host is, and how busy it is now: at the start or the end of what is measured. */
export function describeHost(now: 'start' | 'end'): Machine {
  return {
    Date: new Date().toISOString(),
    CPU: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    Memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    [`Load at the ${now}`]: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
    'Host kernel': release(),
  };
}

/** The first line of what `program --version` prints. */
export async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['--version']);
  return stdout.trim().split('\n')[0] ?? '';
}

const text = (value: unknown): string => (typeof value === 'string' ? value : 'unknown');
