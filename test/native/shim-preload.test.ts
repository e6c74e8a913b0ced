import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { nativeProgram } from '../../src/host/native-programs.js';
import { BUILD_TIMEOUT_MS, buildShim } from './shim/shim-harness.js';

vi.setConfig({ testTimeout: 60_000 });
beforeAll(buildShim, BUILD_TIMEOUT_MS);

const RAM_BYTES = 64 * 2 ** 20;
const ADDRESS = 0x10_0000;
const BEFORE = 0x1111_1111;
const WRITTEN = 0xdead_beef;

let directory: string;
let ram: string;
let handle: FileHandle;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'preload-'));
  await chmod(directory, 0o755);
  ram = join(directory, 'ram');
  const file = await open(ram, 'w', 0o444);
  const word = Buffer.alloc(4);
  word.writeUInt32LE(BEFORE);
  await file.truncate(RAM_BYTES);
  await file.write(word, 0, 4, ADDRESS);
  await file.close();
  await chmod(ram, 0o444);
  handle = await open(ram, 'r');
});

afterEach(async () => {
  await handle.close();
  await rm(directory, { recursive: true, force: true });
});

/**
 * Runs QEMU with its RAM from descriptor 6, as an unprivileged user if the test is root. Its firmware loader
 * writes a word into guest memory; its monitor prints the word that the guest would read there.
 */
async function wordInGuest(preload: boolean): Promise<{ status: number | null; output: string }> {
  const isRoot = process.getuid?.() === 0;
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-M', 'microvm,memory-backend=ram0', '-accel', 'tcg', '-m', '64M', '-S'],
      ...[
        '-object',
        `memory-backend-file,id=ram0,size=${RAM_BYTES},share=off,mem-path=/proc/self/fd/6`,
      ],
      ...['-device', `loader,addr=${ADDRESS},data=${WRITTEN},data-len=4`],
      ...['-nodefaults', '-no-user-config', '-nographic', '-monitor', 'stdio'],
    ],
    {
      env: preload ? { LD_PRELOAD: nativeProgram('boxlite-ram.so') } : {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', handle.fd],
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    },
  );
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('no pipes');
  const lines: string[] = [];
  for (const stream of [stdout, stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  stdin.on('error', () => undefined);
  stdin.end(`xp /1xw ${ADDRESS}\nquit\n`);
  await once(child, 'close');
  return { status: child.exitCode, output: lines.join('\n') };
}

test('a VMM changes its private copy of a template and not the template', async () => {
  const { status, output } = await wordInGuest(true);
  expect(output).toContain(`: 0x${WRITTEN.toString(16)}`);
  expect(status).toBe(0);
  const word = (await readFile(ram)).readUInt32LE(ADDRESS);
  expect(word).toBe(BEFORE);
});

test('without the interposer QEMU opens the file for writing, which is what it is for', async () => {
  const { status, output } = await wordInGuest(false);
  // QEMU 8.2 and later opens the file read-only instead, and reports it.
  expect(status === 1 || output.includes('read-only')).toBe(true);
});
