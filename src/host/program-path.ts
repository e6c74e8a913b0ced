import { delimiter } from 'node:path';

/** Where `execvp` looks by default, and where the system's own programs are. */
const DEFAULT_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

/** For administration programs, which an ordinary user's PATH often omits. */
export const SYSTEM_DIRECTORIES = ['/usr/sbin', '/sbin'];

/**
 * The directories in which to look for programs. An empty PATH names none; an unset one means the
 * default.
 */
export function programDirectories(path = process.env.PATH): readonly string[] {
  return path?.split(delimiter).filter((directory) => directory !== '') ?? DEFAULT_PATH;
}
