import { BoxliteError } from '../../errors.js';
import { isDigest } from './digest.js';
import { referenceError } from './reference-error.js';

/** The default search list for names without a registry. */
export const DEFAULT_REGISTRIES: readonly string[] = ['docker.io'];

/** The registry name of images loaded or imported without one. */
export const LOCAL_REGISTRY = 'localhost';

/**
 * A parsed image name. Without `registry` it is a short name, for the search list. `tag` is
 * `latest` when neither tag nor digest was given.
 */
export interface Reference {
  registry?: string;
  repository: string;
  tag?: string;
  digest?: string;
}

/** A reference that names its registry: what we request, and the key in the store. */
export interface QualifiedReference extends Reference {
  registry: string;
}

const MAX_REPOSITORY_LENGTH = 255;
const MAX_TAG_LENGTH = 128;

/**
 * Parses `[registry[:port]/]path[:tag][@digest]`. Grammar and defaults are those of Docker
 * (github.com/distribution/reference): the first component is a registry when it holds a dot, a
 * colon or an upper-case letter, or is `localhost`.
 * @throws BoxliteError `invalid-reference` that says which character broke which rule
 */
export function parseReference(text: string): Reference {
  const refuse = (index: number, rule: string): never => {
    throw referenceError(text, index, rule);
  };
  if (text === '') refuse(0, 'it is empty');
  if (/^[0-9a-f]{64}$/.test(text)) refuse(0, 'a name can not be 64 hex digits, that is an id');

  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest))
    refuse(at + 1, 'the digest must be sha256: and 64, or sha512: and 128 lower-case hex digits');

  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined) checkTag(tag, colon + 1, refuse);

  const name = colon < 0 ? named : named.slice(0, colon);
  const slash = registryLength(name);
  const registry = slash === 0 ? undefined : name.slice(0, slash);
  if (registry !== undefined) checkRegistry(registry, refuse);
  const pathStart = registry === undefined ? 0 : slash + 1;
  checkRepository(name.slice(pathStart), pathStart, refuse);
  // Docker counts the prefix that it adds to a Docker Hub name.
  const unseen = qualify(registry ?? 'docker.io', name.slice(pathStart)).repository.length;
  checkLength(unseen, name.length, refuse);

  const reference: Reference = { repository: name.slice(pathStart) };
  if (registry !== undefined) Object.assign(reference, qualify(registry, reference.repository));
  if (tag !== undefined) reference.tag = tag;
  else if (digest === undefined) reference.tag = 'latest';
  if (digest !== undefined) reference.digest = digest;
  return reference;
}

/**
 * The names under which to look for an image, in order.
 * @param searchList registries, each with an optional path (`ghcr.io/team`); empty means docker.io
 */
export function candidates(
  reference: Reference,
  searchList: readonly string[] = DEFAULT_REGISTRIES,
): QualifiedReference[] {
  const { registry } = reference;
  if (registry !== undefined) return [{ ...reference, registry }];
  const places = searchList.length === 0 ? DEFAULT_REGISTRIES : searchList;
  return places.map((place) => {
    const slash = place.indexOf('/');
    const host = slash < 0 ? place : place.slice(0, slash);
    const prefix = slash < 0 ? '' : `${place.slice(slash + 1).replace(/\/+$/, '')}/`;
    checkPlace(place, host, prefix);
    const qualified = qualify(host, prefix + reference.repository);
    checkLength(qualified.repository.length, reference.repository.length, (index, rule) => {
      throw referenceError(reference.repository, index, `${rule}, with ${place} in front`);
    });
    return { ...reference, ...qualified };
  });
}

/**
 * The names under which the store may hold what the user means, best first: where we would pull it
 * from, then images loaded or imported without a registry.
 */
export function storedNames(text: string, searchList?: readonly string[]): string[] {
  const reference = parseReference(text);
  const names = candidates(reference, searchList).map(canonicalName);
  if (reference.registry === undefined)
    names.push(canonicalName({ ...reference, registry: LOCAL_REGISTRY }));
  return names;
}

/** The full name for an image made here: a short name becomes `localhost/NAME:TAG`. */
export function localName(text: string): string {
  const reference = parseReference(text);
  return canonicalName({ ...reference, registry: reference.registry ?? LOCAL_REGISTRY });
}

/**
 * The full name that a user gives an image here. A name that reads as a digest would be taken for
 * an id.
 * @throws BoxliteError `invalid-reference`
 */
export function givenName(text: string): string {
  const { registry, repository, digest } = parseReference(text);
  const isDigestName = registry === undefined && /^sha(256|512)$/.test(repository);
  if (digest === undefined && !isDigestName) return localName(text);
  throw new BoxliteError('invalid-reference', `${text} names a digest; a new name needs a tag`, {
    hint: 'write it as NAME:TAG',
  });
}

/** The one full spelling: `docker.io/library/alpine:latest`, `host:5000/a/b@sha256:…`. */
export function canonicalName(reference: QualifiedReference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${reference.registry}/${reference.repository}${tag}${digest}`;
}

/** The spelling that users know: without docker.io and its `library/`. */
export function familiarName(reference: QualifiedReference): string {
  const full = canonicalName(reference);
  if (reference.registry !== 'docker.io') return full;
  const path = full.slice('docker.io/'.length);
  const short = path.startsWith('library/') ? path.slice('library/'.length) : path;
  // `library/a/b` without its prefix would be read as another repository.
  return reference.repository.split('/').length === 2 ? short : path;
}

type Refuse = (index: number, rule: string) => never;

/** Length of the registry part of a name, 0 when it has none. */
function registryLength(name: string): number {
  const slash = name.indexOf('/');
  if (slash < 0) return 0;
  const first = name.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isRegistry ? slash : 0;
}

function qualify(registry: string, repository: string): { registry: string; repository: string } {
  const host = registry === 'index.docker.io' ? 'docker.io' : registry;
  const official = host === 'docker.io' && !repository.includes('/');
  return { registry: host, repository: official ? `library/${repository}` : repository };
}

/** Whether it may follow a name and a colon (OCI distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(text);
}

function checkTag(tag: string, start: number, refuse: Refuse): void {
  if (tag === '') refuse(start, 'the tag is empty');
  if (tag.length > MAX_TAG_LENGTH)
    refuse(start + MAX_TAG_LENGTH, `a tag has at most ${MAX_TAG_LENGTH} characters`);
  if (/^[.-]/.test(tag)) refuse(start, 'a tag begins with a letter, digit or underscore');
  const bad = tag.search(/[^A-Za-z0-9_.-]/);
  if (bad >= 0) refuse(start + bad, 'a tag holds letters, digits, underscores, dots and dashes');
}

/** `host [:port]`; a host is a DNS name, an IPv4 address, or an IPv6 address in brackets. */
function checkRegistry(registry: string, refuse: Refuse): void {
  if (/^\[[^\]]*$/.test(registry)) refuse(0, 'the registry is not an IPv6 address');
  const [, host = registry, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(registry) ?? [];
  if (port !== undefined && !(/^[0-9]{1,5}$/.test(port) && Number(port) <= 65535))
    refuse(host.length + 1, 'the port must be a number up to 65535');
  if (host.startsWith('[')) {
    if (!/^\[[0-9A-Fa-f:]+\]$/.test(host)) refuse(0, 'the registry is not an IPv6 address');
    return;
  }
  let index = 0;
  for (const label of host.split('.')) {
    const fault = labelFault(label);
    if (fault !== undefined) refuse(index + fault, 'the registry is not a host name');
    index += label.length + 1;
  }
}

/** Index of a character that a host name's label may not contain; undefined if well-formed. */
function labelFault(label: string): number | undefined {
  const foreign = label.search(/[^A-Za-z0-9-]/);
  if (foreign >= 0) return foreign;
  if (label === '' || label.startsWith('-')) return 0;
  return label.endsWith('-') ? label.length - 1 : undefined;
}

function checkRepository(path: string, start: number, refuse: Refuse): void {
  if (path === '') refuse(start, 'the repository name is missing');
  checkLength(path.length, start + path.length, refuse);
  let index = start;
  for (const component of path.split('/')) {
    const fault = componentFault(component);
    if (fault !== undefined) refuse(index + fault.index, fault.rule);
    index += component.length + 1;
  }
}

/** @param end of the name in the text; the excess precedes it */
function checkLength(length: number, end: number, refuse: Refuse): void {
  if (length > MAX_REPOSITORY_LENGTH)
    refuse(
      end - (length - MAX_REPOSITORY_LENGTH),
      `a name has at most ${MAX_REPOSITORY_LENGTH} characters`,
    );
}

/** `path-component := [a-z0-9]+ ((_ | . | __ | -+) [a-z0-9]+)*` */
function componentFault(component: string): { index: number; rule: string } | undefined {
  if (component === '') return { index: 0, rule: 'a part of the name between slashes is empty' };
  const upper = component.search(/[A-Z]/);
  if (upper >= 0) return { index: upper, rule: 'the repository name must be lower case' };
  const foreign = component.search(/[^a-z0-9._-]/);
  if (foreign >= 0)
    return {
      index: foreign,
      rule: 'a name holds lower-case letters, digits and . _ - between them',
    };
  const valid = /^[a-z0-9]+(?:(?:__|[._]|-+)[a-z0-9]+)*/.exec(component)?.[0].length ?? 0;
  if (valid < component.length)
    return {
      index: valid,
      rule: 'separators (. _ __ -) stand single and between letters or digits',
    };
  return undefined;
}

function checkPlace(place: string, host: string, prefix: string): void {
  const refuse = (_index: number, rule: string): never => {
    throw new BoxliteError(
      'invalid-argument',
      `invalid registry in the search list: ${JSON.stringify(place)}: ${rule}`,
    );
  };
  checkRegistry(host, refuse);
  if (prefix !== '') checkRepository(prefix.slice(0, -1), 0, refuse);
}
