import type { BoxOptions } from '../../../../../src/engine/spec/options.js';
import { FakeExecution } from '../../attach/fake-execution.js';

interface Calls {
  created: [BoxOptions, string | undefined][];
  started: object[];
  removed: string[];
  pulled: string[];
}

export const ID = '01kaz3v5h8w2q6n9r4t7y1m0dx';

export function fakeEngine(
  exitCode = 0,
  failures: { create?: Error; start?: Error } = {},
): { engine: object; calls: Calls } {
  const calls: Calls = { created: [], started: [], removed: [], pulled: [] };
  const start = (options: object): Promise<void> => {
    calls.started.push(options);
    return failures.start === undefined ? Promise.resolve() : Promise.reject(failures.start);
  };
  const box = {
    id: ID,
    start,
    startAttached: async (options: object) => {
      await start(options);
      const execution = new FakeExecution();
      execution.stdout.write('out\n');
      execution.stderr.write('err\n');
      return execution.exit(exitCode);
    },
  };
  const engine = {
    create: (options: BoxOptions, name?: string) => {
      calls.created.push([options, name]);
      const failure = calls.pulled.length === 0 ? failures.create : undefined;
      return failure === undefined ? Promise.resolve(box) : Promise.reject(failure);
    },
    remove: (id: string) => {
      calls.removed.push(id);
      return Promise.resolve();
    },
    pullImage: (reference: string, { onProgress }: { onProgress?: (event: object) => void }) => {
      calls.pulled.push(reference);
      const canonical = `docker.io/library/${reference}:latest`;
      const digest = `sha256:${'4a'.repeat(32)}`;
      onProgress?.({ type: 'resolved', reference: canonical, digest, layers: [digest] });
      for (const status of ['queued', 'unpacking', 'done'])
        onProgress?.({ type: 'layer', digest, status });
      return Promise.resolve({ reference: canonical, digest, imageId: digest, upToDate: false });
    },
  };
  return { engine, calls };
}
