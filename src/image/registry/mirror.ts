import { BoxliteError } from '../../errors.js';

/** Another registry that has a registry's images. */
export interface Mirror {
  /** host[:port]; also the key of its credentials. */
  host: string;
  /** The only scheme to use; undefined = as for any registry of that name. */
  scheme: 'http' | 'https' | undefined;
  /** Precedes each repository's name: empty, or `team/` with its slash. */
  prefix: string;
}

const MIRROR =
  /^(?:(https?):\/\/)?((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?)((?:\/[a-z0-9._-]+)*)\/*$/;

/**
 * Parses `[http[s]://]HOST[:PORT][/PATH]`. The path precedes the repository's name, as registries
 * that mirror several others expect it.
 * @throws BoxliteError `invalid-argument`
 */
export function parseMirror(text: string): Mirror {
  const [, scheme, host = '', path = ''] = MIRROR.exec(text) ?? [];
  if (host === '' || !URL.canParse(`https://${host}/`)) {
    // What precedes an @ may be a password.
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
