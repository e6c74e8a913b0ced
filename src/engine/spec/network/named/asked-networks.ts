/** The networks that a caller names for a box. */
import { BoxliteError } from '../../../../errors.js';
import type { BoxOptions } from '../../options.js';
import { type NetworkName, NETWORKS } from '../policy.js';
import { type AskedAddresses, checkAskedAddresses } from './addresses.js';
import { checkAliases, isPredefined } from './network-names.js';

/** A named network, and what the box is to have in it. */
export interface NetworkAttachment extends AskedAddresses {
  /** The network's name, or an id or prefix of one. */
  name: string;
  /** Other names of the box in it. */
  aliases?: readonly string[];
}

/** What the engine knows of a box's network apart from its attachments. */
export interface AskedNetworks {
  network: NetworkName;
  networks: NetworkAttachment[];
}

/**
 * `network` says what the box reaches outside, or names its first network.
 * @throws invalid-argument, unsupported
 */
export function askedNetworks({
  network = 'default',
  networks = [],
}: Pick<BoxOptions, 'network' | 'networks'>): AskedNetworks {
  const all = [{ name: network }, ...networks];
  for (const { name } of all) refuseForeign(name);
  const words = all.filter(({ name }) => isPredefined(name)).map(({ name }) => wordOf(name));
  const named = all.filter(({ name }) => !isPredefined(name)).map(settleAttachment);
  for (const each of networks.filter(({ name }) => isPredefined(name))) refuseExtras(each);
  // What comes first in the list counts, but for the default, which says nothing.
  const [word = 'default', other] = [...new Set(words.filter((each) => each !== 'default'))];
  if (other !== undefined)
    throw invalid(
      `a box can't be in the networks ${word} and ${other} together`,
      'name one of them',
    );
  if (word === 'none' && named.length > 0)
    throw invalid(
      'container cannot be connected to multiple networks with one of the networks in private (none) mode',
      'leave out either --network none or the others',
    );
  refuseTwice(named);
  return { network: word, networks: named };
}

function refuseForeign(name: string): void {
  if (name === '') throw invalid('a network has a name', 'as in --network app');
  if (name === 'host')
    throw new BoxliteError('unsupported', "a box can't share the host's network", {
      hint: 'it is a machine of its own: publish its ports with -p, or open one with --allow-host',
    });
  if (name.startsWith('container:'))
    throw new BoxliteError('unsupported', "a box can't share another box's network", {
      hint: 'each is a machine of its own: create a network, and put both in it',
    });
}

/** `bridge` is what Docker's scripts call the default. */
const wordOf = (name: string): NetworkName => NETWORKS.find((each) => each === name) ?? 'default';

function settleAttachment({ name, aliases = [], ...asked }: NetworkAttachment): NetworkAttachment {
  return { name, ...checkAskedAddresses(asked), aliases: checkAliases(aliases) };
}

function refuseExtras({ ip, ip6, aliases = [] }: NetworkAttachment): void {
  if (ip !== undefined || ip6 !== undefined)
    throw invalid(
      'user specified IP address is supported on user defined networks only',
      'create a network, and name it with --network',
    );
  if (aliases.length > 0)
    throw invalid(
      'network-scoped alias is supported only for containers in user defined networks',
      'create a network, and name it with --network',
    );
}

function refuseTwice(named: readonly NetworkAttachment[]): void {
  const names = named.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw invalid(`network "${twice}" is specified multiple times`, 'name it once');
}

const invalid = (message: string, hint?: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, hint === undefined ? {} : { hint });
