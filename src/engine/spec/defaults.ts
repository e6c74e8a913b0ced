/** Defaults of a box. */
export const DEFAULT_CPUS = 1;
export const DEFAULT_MEMORY_MIB = 512;
export const DEFAULT_DISK_BYTES = 10 * 2 ** 30;
export const DEFAULT_STOP_TIMEOUT_SECONDS = 10;
export const DEFAULT_SHM_BYTES = 64 * 2 ** 20;

/** Docker's is 0.0.0.0, which is open to every machine that reaches the host. */
export const DEFAULT_PUBLISH_ADDRESS = '127.0.0.1';

/** A stock kernel with its modules needs this much. */
export const MIN_MEMORY_MIB = 128;
export const MAX_CPUS = 64;
export const MIN_DISK_BYTES = 64 * 2 ** 20;
/** Linux's limit. */
export const MAX_PIDS = 4_194_304;

/** Images are EROFS file systems, each joined with a box's own disk by overlayfs. */
export const STORAGE_DRIVER = 'erofs';
