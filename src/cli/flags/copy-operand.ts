/** One side of a copy: `BOX:PATH`, a path of the host, or `-` for a stream. */
export interface CopyOperand {
  box: string | undefined;
  path: string;
}

/**
 * Docker's rule: what begins with `/`, or with `.` before its first colon, is a path of the host, and so
 * is what has no colon.
 */
export function parseCopyOperand(text: string): CopyOperand {
  const colon = text.indexOf(':');
  if (colon < 0 || text.startsWith('/') || text.startsWith('.'))
    return { box: undefined, path: text };
  return { box: text.slice(0, colon), path: text.slice(colon + 1) };
}
