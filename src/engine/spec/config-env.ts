import type { BoxSpec } from './box-spec.js';

/** The image's variables and the caller's, without those that every box has anyway. */
export function configEnv({ env, hostname, tty }: Pick<BoxSpec, 'env' | 'hostname' | 'tty'>) {
  const own = new Set([`HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])]);
  return env.filter((variable) => !own.has(variable));
}
