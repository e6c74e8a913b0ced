/** The words that can be offered for a value. */
import { constants } from 'node:os';
import { NETWORKS } from '../../engine/spec/network/policy.js';
import { familiarReference } from '../output/text/reference.js';
import type { Completion, KeyCompletion } from '../parse/command.js';

export interface Offer {
  readonly text: string;
  /** A description, which some shells show beside the word. */
  readonly about?: string;
  /** More text follows directly, without a blank. */
  readonly open?: boolean;
}

export interface Names {
  readonly boxes: readonly {
    readonly id: string;
    readonly name: string | undefined;
    readonly running: boolean;
  }[];
  /** Canonical references. */
  readonly images: readonly string[];
  /** Of the networks that were created. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

export interface Offered {
  readonly offers: readonly Offer[];
  readonly paths?: 'file' | 'directory';
}

const SHORT_ID = 12;

/** The offers that begin with `word`. */
export async function offersFor(
  completion: Completion | undefined,
  word: string,
  names: () => Promise<Names>,
): Promise<Offered> {
  if (completion === undefined) return { offers: [] };
  if (completion === 'file' || completion === 'directory') return { offers: [], paths: completion };
  if (completion === 'box-path') return await offerBoxPath(word, names);
  if (completion === 'mount-source') return await offerMountSource(word, names);
  // Only an argument has a first one before it; complete.ts has already looked it up.
  if (typeof completion === 'object' && 'byFirst' in completion) return { offers: [] };
  if (isKeys(completion)) return await offerKeys(completion, word, names);
  const all = typeof completion === 'string' ? await named(completion, word, names) : completion;
  const offers = all
    .map((each): Offer => (typeof each === 'string' ? { text: each } : each))
    .filter(({ text }) => text.startsWith(word));
  return { offers };
}

/** Excludes arrays, since an array has `keys` as well. */
function isKeys(completion: Completion): completion is KeyCompletion {
  return typeof completion === 'object' && !Array.isArray(completion);
}

type NameKind =
  ('box' | 'running-box' | 'image' | 'object') | ('network' | 'box-network' | 'volume' | 'signal');

async function named(kind: NameKind, word: string, names: () => Promise<Names>): Promise<Offer[]> {
  switch (kind) {
    case 'signal':
      return signals(word);
    case 'image':
      return images(await names(), word);
    case 'network':
      return networks(await names());
    case 'volume':
      return volumes(await names());
    case 'box-network':
      return [...NETWORKS.map((text) => ({ text })), ...networks(await names())];
    case 'object': {
      const known = await names();
      return [...boxes(known, word), ...images(known, word), ...volumes(known)];
    }
    case 'box':
      return boxes(await names(), word);
    case 'running-box': {
      const known = await names();
      return boxes({ ...known, boxes: known.boxes.filter(({ running }) => running) }, word);
    }
  }
}

/** Offers boxes by name; by id only once the user has begun to type one. */
function boxes({ boxes: all }: Names, word: string): Offer[] {
  return all.flatMap(({ id, name, running }): Offer[] => {
    const about = running ? 'running' : 'not running';
    const byId = name === undefined || (word !== '' && id.startsWith(word));
    return [
      ...(name === undefined ? [] : [{ text: name, about }]),
      ...(byId ? [{ text: id.slice(0, Math.max(SHORT_ID, word.length)), about }] : []),
    ];
  });
}

/**
 * Offers familiar names: without `:latest`, and without `localhost/` unless the user has begun to type it.
 */
function images({ images: all }: Names, word: string): Offer[] {
  const own = 'localhost/';
  const typesOwn = word !== '' && (word.startsWith(own) || own.startsWith(word));
  return all.map((reference) => {
    const name = familiarReference(reference).replace(/:latest$/, '');
    return {
      text: name.startsWith(own) && !typesOwn ? name.slice(own.length) : name,
      about: reference,
    };
  });
}

const volumes = ({ volumes: all }: Names): Offer[] => all.map((text) => ({ text }));

const networks = ({ networks: all }: Names): Offer[] => all.map((text) => ({ text }));

function signals(word: string): Offer[] {
  const prefix = word.startsWith('SIG') ? '' : 'SIG';
  return Object.keys(constants.signals).map((name) => ({ text: name.slice(prefix.length) }));
}

async function offerKeys(
  { keys }: KeyCompletion,
  word: string,
  names: () => Promise<Names>,
): Promise<Offered> {
  const [, key, text] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (key === undefined || text === undefined) {
    const offers = Object.keys(keys).map((each) => ({ text: `${each}=`, open: true }));
    return { offers: offers.filter((each) => each.text.startsWith(word)) };
  }
  const { offers } = await offersFor(Object.hasOwn(keys, key) ? keys[key] : undefined, text, names);
  return { offers: offers.map((offer) => ({ ...offer, text: `${key}=${offer.text}` })) };
}

/** Offers `web:` and host files; never asks for paths inside the box, which may not even run. */
async function offerBoxPath(word: string, names: () => Promise<Names>): Promise<Offered> {
  if (/^[^/.][^/]*:/.test(word)) return { offers: [] };
  if (/^[/.~]/.test(word)) return { offers: [], paths: 'file' };
  const offers = boxes(await names(), word)
    .filter(({ text }) => text.startsWith(word))
    .map((offer) => ({ ...offer, text: `${offer.text}:`, open: true }));
  return { offers, paths: 'file' };
}

/** Offers `data:` and host files; what follows the colon is in the box, which may not even run. */
async function offerMountSource(word: string, names: () => Promise<Names>): Promise<Offered> {
  if (/^[/.~]/.test(word)) return { offers: [], paths: 'file' };
  const { volumes } = await names();
  const offers = volumes
    .map((name) => ({ text: `${name}:`, open: true }))
    .filter(({ text }) => text.startsWith(word));
  return { offers, paths: 'file' };
}
