import { homedir } from 'node:os';
import { join } from 'node:path';

/** Node.js releases that the package is tested with, besides the one that runs the tests. */
const MAJORS = [22, 24, 26];

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'boxlite-test');

/** Their programs, which `bin/quickstart --test` installs. */
export const OTHER_NODES: readonly { major: number; node: string }[] = MAJORS.map((major) => ({
  major,
  node: join(cache, `node-${major}`, 'node'),
}));
