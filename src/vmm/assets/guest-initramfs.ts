import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { nativeProgram } from '../../host/native-programs.js';
import { writeFileWhole } from '../../host/write-file-whole.js';
import { initramfs, type InitramfsModule } from '../guest/initramfs.js';
import type { AssetsManifest, InitramfsRecord, KernelRecord } from './assets-manifest.js';
import { MODULE_LIST, MODULES } from './guest-kernel.js';
import { hasSize } from './has-size.js';

/**
 * Packs the present build of the agent with the kernel's modules. The file's name contains the content's
 * hash.
 */
export async function makeInitramfs(home: Home, kernel: KernelRecord): Promise<InitramfsRecord> {
  const path = nativeProgram('boxlite-guest');
  try {
    const { size, mtimeMs } = await stat(path);
    const agent = await readFile(path);
    const archive = initramfs(agent, await readModules(home, kernel));
    const sha256 = sha256Of(archive);
    const file = `initramfs-${sha256.slice(0, 16)}.cpio`;
    // World-readable, because a VMM of another user reopens it through its descriptor.
    await writeFileWhole(join(home.assets(), file), archive, 0o644);
    return {
      file,
      bytes: archive.length,
      sha256,
      kernelDirectory: kernel.directory,
      agent: { path, bytes: size, mtimeMs, sha256: sha256Of(agent) },
    };
  } catch (error) {
    throw fileError(error, `make the initramfs in ${home.assets()}`);
  }
}

/** True if it exists and was made from this kernel's modules and the present build of the agent. */
export async function usableInitramfs(
  home: Home,
  { kernel, initramfs: record }: AssetsManifest,
): Promise<boolean> {
  if (record.kernelDirectory !== kernel.directory) return false;
  if (!(await hasSize(join(home.assets(), record.file), record.bytes))) return false;
  const path = nativeProgram('boxlite-guest');
  const { size, mtimeMs } = await stat(path);
  if (size !== record.agent.bytes) return false;
  if (path === record.agent.path && mtimeMs === record.agent.mtimeMs) return true;
  // The agent was rebuilt or reinstalled, usually with the same content.
  return sha256Of(await readFile(path)) === record.agent.sha256;
}

async function readModules(home: Home, kernel: KernelRecord): Promise<InitramfsModule[]> {
  const directory = join(home.assets(), kernel.directory, MODULES);
  const list = await readFile(join(directory, MODULE_LIST), 'utf8');
  const names = list.split('\n').filter(Boolean);
  return await Promise.all(
    names.map(async (name) => ({ name, data: await readFile(join(directory, `${name}.ko`)) })),
  );
}

function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
