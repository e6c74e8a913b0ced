import { existsSync } from 'node:fs';
import { Home } from '../../host/home.js';
import { knownNames as stored } from '../../store/known-names.js';

export interface KnownNames {
  boxes: { id: string; name: string | undefined; running: boolean }[];
  /** Canonical references. */
  images: string[];
}

/**
 * Names for a shell to offer, found in a few ms and without a lock. Whether a box runs is read from
 * its shim's records, which the database may not hold yet; no process is asked.
 */
export function knownNames(homeDir: string): KnownNames {
  const home = new Home(homeDir);
  const { boxes, images } = stored(home);
  return {
    boxes: boxes.map(({ id, name }) => ({
      id,
      name,
      running: existsSync(home.boxFile(id, 'started')) && !existsSync(home.boxFile(id, 'exit')),
    })),
    images,
  };
}
