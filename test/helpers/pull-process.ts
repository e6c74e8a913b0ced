/**
 * One of several processes that pull into one home.
 *
 *     pull-process HOME REFERENCE
 *
 * Prints `downloading` when the first bytes of a layer came, and the manifest's digest at the end.
 */
import { Home } from '../../src/home.js';
import { pullImage } from '../../src/image/pull.js';

const [root = '', reference = ''] = process.argv.slice(2);
let told = false;
const { image } = await pullImage(new Home(root), reference, {
  onProgress: (event) => {
    if (told || event.type !== 'layer' || event.status !== 'downloading') return;
    told = true;
    console.log('downloading');
  },
});
console.log(image.manifestDigest);
