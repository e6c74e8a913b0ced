import { mkdir } from 'node:fs/promises';
import type { TestHome } from './test-home.js';

/**
 * What tests do in a box that has the host's directory `work` as its /shared.
 * @param programs the directory in the box with the programs of helpers/
 * @param host a path of the host's, in the directory of which `work` is one
 */
export function sharedVolume(
  home: TestHome,
  { box, programs, host }: { box: string; programs: string; host: (...names: string[]) => string },
) {
  const exec = (...command: string[]): Promise<string> => home.ok(['exec', box, ...command]);
  return {
    sh: (script: string): Promise<string> => exec('sh', '-c', script),
    /** The answers of file-calls.c, a line each. */
    calls: async (...args: string[]): Promise<string[]> =>
      (await exec(`${programs}/file-calls`, ...args)).split('\n'),
    /** An empty directory on the writable volume. */
    place: async (name: string): Promise<string> => {
      await mkdir(host('work', name));
      return `/shared/${name}`;
    },
  };
}
