/**
 * A separate process that uses a home's images through the engine.
 *
 * image-process HOME pull REFERENCE|load|rmi NAME|prune|churn FILE NAME TIMES
 *
 * `load` reads an archive from stdin. It prints `downloading` at the first bytes of a layer, `reading` at the
 * first bytes of an archive, and `done` or an error's code at the end.
 */
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { BoxliteError } from '../../src/errors.js';

const [root = '', action = '', argument = '', name = '', times = '0'] = process.argv.slice(2);
const runtime = new BoxliteRuntime({ homeDir: root, accelerator: 'tcg' });
const told = new Set<string>();

try {
  await act();
  console.log('done');
} catch (error) {
  if (!(error instanceof BoxliteError)) throw error;
  console.log(`${error.code} ${error.message}`);
}

async function act(): Promise<unknown> {
  switch (action) {
    case 'pull':
      return runtime.pullImage(argument, {
        onProgress: (event) => {
          if (event.type === 'layer' && event.status === 'downloading') tell('downloading');
        },
      });
    case 'load':
      return runtime.loadImages(process.stdin as AsyncIterable<Buffer>, {
        onProgress: ({ type }) => {
          if (type === 'reading') tell('reading');
        },
      });
    case 'rmi':
      return runtime.removeImage(argument, { force: true });
    case 'prune':
      return runtime.pruneImages({ all: true });
    case 'churn':
      for (let round = 0; round < Number(times); round++) {
        await runtime.loadImages(argument);
        await removeIfThere(name);
      }
      return runtime.loadImages(argument);
    default:
      throw new Error(`unknown action ${action}`);
  }
}

/** Another process' prune may have removed it first. */
async function removeIfThere(reference: string): Promise<void> {
  try {
    await runtime.removeImage(reference);
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'image-not-found') throw error;
  }
}

function tell(what: string): void {
  if (told.has(what)) return;
  told.add(what);
  console.log(what);
}
