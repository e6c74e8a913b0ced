import { delimiter } from 'node:path';

/** Where `execvp` looks when nobody says where, and what the system's own programs are in. */
const DEFAULT_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

/** For programs of the system's administration, which an ordinary user's PATH often leaves out. */
export const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin'];

/** The directories that programs are looked for in; an empty PATH names none, and without one a default counts. */
export function programDirectories(path = process.env.PATH): readonly string[] {
  return path?.split(delimiter).filter((directory) => directory !== '') ?? DEFAULT_PATH;
}
