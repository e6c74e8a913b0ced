import type { Ulimit } from '../../engine/spec/privileges.js';
import { BoxliteError } from '../../errors.js';

/** `nofile=1024:2048`, `nproc=512`, `core=-1` (no limit); the messages are Docker's (go-units). */
export function parseUlimit(text: string): Ulimit {
  const [, name = '', limits = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === '') throw new BoxliteError('invalid-argument', `invalid ulimit argument: ${text}`);
  const values = limits.split(':');
  if (values.length > 2)
    throw new BoxliteError(
      'invalid-argument',
      `too many limit value arguments - ${limits}, can only have up to two, \`soft[:hard]\``,
    );
  const [soft = NaN, hard = soft] = values.map((value) =>
    /^-?\d+$/.test(value) ? Number(value) : NaN,
  );
  if (Number.isNaN(soft) || Number.isNaN(hard))
    throw new BoxliteError('invalid-argument', `invalid ulimit argument: ${text}`);
  return { name, soft, hard };
}
