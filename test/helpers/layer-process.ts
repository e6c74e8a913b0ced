/**
 * A process that lays out one large layer and prints its peak memory in KiB.
 *
 * layer-process HOME one-file|many-files BYTES
 */
import { Home } from '../../src/host/home.js';
import { storeLayer } from '../../src/image/store/layer-store.js';
import { tarHeader } from './tar-builder.js';

const [root = '', kind = '', bytes = ''] = process.argv.slice(2);
/** The chunk size of a socket or a decompressor. */
const CHUNK_BYTES = 1 << 16;
const SMALL_FILE_BYTES = 3 * 512;

const source = kind === 'one-file' ? oneFile(Number(bytes)) : manyFiles(Number(bytes));
await storeLayer(new Home(root), source, {});
console.log(process.resourceUsage().maxRSS);

async function* oneFile(size: number): AsyncGenerator<Buffer> {
  yield await Promise.resolve(tarHeader({ name: 'large', size }));
  for (let left = size; left > 0; left -= CHUNK_BYTES)
    yield Buffer.alloc(Math.min(left, CHUNK_BYTES), 'x');
}

async function* manyFiles(size: number): AsyncGenerator<Buffer> {
  const content = Buffer.alloc(SMALL_FILE_BYTES, 'x');
  for (let n = 0; n * (512 + SMALL_FILE_BYTES) < size; n++) {
    yield await Promise.resolve(tarHeader({ name: `file-${n}`, size: SMALL_FILE_BYTES }));
    yield content;
  }
}
