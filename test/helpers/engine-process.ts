/**
 * One of several processes that use a runtime's home at once. It opens nothing before it reads `go` on stdin,
 * then runs the operation in its arguments and prints one JSON line.
 *
 * engine-process HOME get-or-create NAME|create|remove BOX|hold BOX|network-create NAME|create-in NETWORK [IP]|copy-volume NAME|
 *   create-volume NAME|remove-volume NAME|prune-volumes
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BoxliteRuntime } from '../../src/engine/runtime.js';
import { BoxliteError } from '../../src/errors.js';
import { Home } from '../../src/host/home.js';
import { Database } from '../../src/store/database.js';
import { acquireBoxLock } from '../../src/store/locks.js';

const [root = '', action = '', argument = '', ip] = process.argv.slice(2);

const input = createInterface({ input: process.stdin });
console.log('ready');
await once(input, 'line');

const runtime = new BoxliteRuntime({ homeDir: root, accelerator: 'tcg' });
try {
  console.log(JSON.stringify(await act()));
} catch (error) {
  if (!(error instanceof BoxliteError)) throw error;
  console.log(JSON.stringify(error.code));
}
input.close();

async function act(): Promise<unknown> {
  const options = { rootfs: { image: 'tiny' } };
  switch (action) {
    case 'get-or-create': {
      const [box, made] = await runtime.getOrCreate(options, argument);
      return { id: box.id, made };
    }
    case 'create':
      return (await runtime.create(options)).name;
    case 'network-create':
      return (await runtime.networks.create({ name: argument })).subnets[0]?.subnet;
    case 'create-in': {
      const networks = [{ name: argument, ...(ip !== undefined && { ip }) }];
      const box = await runtime.create({ ...options, networks });
      return (await box.info()).networks?.[0]?.address;
    }
    case 'copy-volume':
      return (await runtime.volumes.create({ name: argument, from: 'data' })).name;
    case 'create-volume':
      return (await runtime.volumes.create({ name: argument })).name;
    case 'remove-volume':
      return runtime.volumes.remove(argument);
    case 'prune-volumes':
      return (await runtime.volumes.prune({ all: true })).removed;
    case 'remove':
      await runtime.remove(argument);
      return 'removed';
    case 'hold':
      await acquireBoxLock(Database.open(new Home(root)), argument, {
        timeoutMs: 0,
        purpose: 'start',
      });
      console.log('"held"');
      return once(input, 'line');
    default:
      throw new Error(`unknown action ${action}`);
  }
}
