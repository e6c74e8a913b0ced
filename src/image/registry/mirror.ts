import { BoxliteError } from '../../errors.js';

/** Another registry that has a registry's images. */
export interface Mirror {
  /** host[:port]; also what its credentials are kept under. */
  host: string;
  /** The one scheme to use; undefined = as for any registry of that name. */
  scheme: 'http' | 'https' | undefined;
  /** Stands before each repository's name: empty, or `team/` with its slash. */
  prefix: string;
}

const MIRROR =
  /^(?:(https?):\/\/)?((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?)((?:\/[a-z0-9._-]+)*)\/*$/;

/**
 * Reads `[http[s]://]HOST[:PORT][/PATH]`, where the path is put before the repository's name, as
 * registries that keep copies of several others want it.
 * @throws BoxliteError `invalid-argument`
 */
export function parseMirror(text: string): Mirror {
  const [, scheme, host = '', path = ''] = MIRROR.exec(text) ?? [];
  if (host === '' || !URL.canParse(`https://${host}/`)) {
    // What stands before an @ may be a password.
    const shown = JSON.stringify(text.replace(/[^/]*@/g, '…@'));
    throw new BoxliteError('invalid-argument', `invalid registry mirror: ${shown}`, {
      hint: 'write it as [https://]HOST[:PORT][/PATH]',
    });
  }
  return {
    host,
    scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
    prefix: path === '' ? '' : `${path.slice(1)}/`,
  };
}
