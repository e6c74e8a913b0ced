import { existsSync } from 'node:fs';
import { Home } from '../../host/home.js';
import { knownNames as stored } from '../../store/known-names.js';

export interface KnownNames {
  boxes: { id: string; name: string | undefined; running: boolean }[];
  /** Canonical references. */
  images: string[];
  networks: string[];
  volumes: string[];
}

/**
 * Names for shell completion, found in a few ms and without a lock. The shims' records, which may be newer
 * than the database, tell whether a box runs; no process is asked.
 */
export function knownNames(homeDir: string): KnownNames {
  const home = new Home(homeDir);
  const { boxes, ...others } = stored(home);
  return {
    boxes: boxes.map(({ id, name }) => ({
      id,
      name,
      running: existsSync(home.boxFile(id, 'started')) && !existsSync(home.boxFile(id, 'exit')),
    })),
    ...others,
  };
}
