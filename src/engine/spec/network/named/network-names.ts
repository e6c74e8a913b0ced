/** Names of networks, and of boxes in them. */
import { BoxliteError } from '../../../../errors.js';

/** What `--network` means otherwise. */
const PREDEFINED = ['default', 'bridge', 'none', 'public', 'internal', 'host'];

export const isPredefined = (name: string): boolean =>
  PREDEFINED.includes(name) || name.startsWith('container:');

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/** @throws invalid-argument */
export function checkNetworkName(name: string): string {
  if (isPredefined(name))
    throw new BoxliteError(
      'invalid-argument',
      `operation is not permitted on predefined ${name} network`,
      { hint: 'choose another name' },
    );
  if (NAME.test(name)) return name;
  throw new BoxliteError('invalid-argument', `invalid network name "${name}"`, {
    hint: 'letters, digits, _ . - and at most 63 of them, the first a letter or a digit',
  });
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Of other names that a box may have in a network, which with its own fit into what it says to the hub. */
const MAX_ALIASES = 16;
const MAX_ALIAS_LENGTH = 63;

/** @throws invalid-argument */
export function checkAliases(aliases: readonly string[]): string[] {
  for (const alias of aliases)
    if (alias.length > MAX_ALIAS_LENGTH || !isHostName(alias))
      throw new BoxliteError('invalid-argument', `"${alias}" is no name of a host`, {
        hint: 'as in --network-alias db',
      });
  const unique = [...new Set(aliases)];
  if (unique.length > MAX_ALIASES)
    throw new BoxliteError(
      'invalid-argument',
      `a box can have ${MAX_ALIASES} aliases in a network, not ${unique.length}`,
      { hint: 'give fewer' },
    );
  return unique;
}

export interface NamedBox {
  id: string;
  name: string | null;
  hostname: string;
}

/** The names by which the others find the box, as Docker's `DNSNames` lists them. */
export function memberNames(box: NamedBox, aliases: readonly string[]): string[] {
  const names = [box.name ?? '', ...aliases, box.id.slice(0, 12), box.hostname];
  return [...new Set(names.filter(isHostName))];
}

/** In lower case; the first, `web.app`, is what Docker answers when the address is looked up. */
export function linkNames(box: NamedBox, network: string, aliases: readonly string[]): string[] {
  const full = `${box.name ?? box.id.slice(0, 12)}.${network}`;
  const names = [...(isHostName(full) ? [full] : []), ...memberNames(box, aliases)];
  return [...new Set(names.map((name) => name.toLowerCase()))];
}

/** A query has no longer name, nor one of other parts. */
const isHostName = (name: string): boolean =>
  name.length <= 253 &&
  name
    .toLowerCase()
    .split('.')
    .every((label) => LABEL.test(label));
