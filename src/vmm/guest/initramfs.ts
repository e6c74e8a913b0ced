import { cpio, type CpioEntry, FILE_TYPES } from './cpio.js';

export interface InitramfsModule {
  name: string;
  data: Uint8Array;
}

/**
 * The guest's first file system: the agent as /init and its modules, with /modules/list naming them in load
 * order, one absolute path per line. Not compressed: the guest would have to decompress it.
 */
export function initramfs(agent: Uint8Array, modules: readonly InitramfsModule[]): Buffer {
  const files = modules.map((module) => ({
    path: `modules/${module.name}.ko`,
    mode: FILE_TYPES.FILE | 0o644,
    data: module.data,
  }));
  const list = files.map((file) => `/${file.path}\n`).join('');
  return cpio([
    ...['dev', 'proc', 'sys', 'modules'].map(directory),
    // Opened by the kernel for PID 1 before devtmpfs is mounted.
    {
      path: 'dev/console',
      mode: FILE_TYPES.CHARACTER | 0o600,
      device: { major: 5, minor: 1 },
    },
    { path: 'init', mode: FILE_TYPES.FILE | 0o755, data: agent },
    { path: 'modules/list', mode: FILE_TYPES.FILE | 0o644, data: Buffer.from(list) },
    ...files,
  ]);
}

function directory(path: string): CpioEntry {
  return { path, mode: FILE_TYPES.DIRECTORY | 0o755 };
}
