/**
 * One of several processes that pull into one home.
 *
 * pull-process HOME REFERENCE
 *
 * It prints `downloading BYTES` as a layer arrives, `waiting PID` while another process downloads it, and at
 * the end the manifest's digest and its peak resident memory in KiB: `VmHWM 104608`.
 */
import { readFile } from 'node:fs/promises';
import { Home } from '../../src/host/home.js';
import { pullImage } from '../../src/image/transfer/pull.js';

const [root = '', reference = ''] = process.argv.slice(2);
const { image } = await pullImage(new Home(root), reference, {
  onProgress: (event) => {
    if (event.type !== 'layer') return;
    if (event.status === 'downloading') console.log(`downloading ${event.bytes}`);
    if (event.status === 'waiting') console.log(`waiting ${event.pid}`);
  },
});
console.log(image.manifestDigest);
const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
console.log(`VmHWM ${peak ?? 'unknown'}`);
