/** One side of a copy: `BOX:PATH`, a host path, or `-` for a stream. */
export interface CopyOperand {
  box: string | undefined;
  path: string;
}

/** Docker's rule: a text that begins with `/` or `.`, or has no colon, is a host path. */
export function parseCopyOperand(text: string): CopyOperand {
  const colon = text.indexOf(':');
  if (colon < 0 || text.startsWith('/') || text.startsWith('.'))
    return { box: undefined, path: text };
  return { box: text.slice(0, colon), path: text.slice(colon + 1) };
}
