/** Parts of an image reference for display; only the engine decides what a reference means. */

/** The reference as Docker repeats it: with `:latest` when it has neither tag nor digest. */
export function withDefaultTag(reference: string): string {
  return hasTagOrDigest(reference) ? reference : `${reference}:latest`;
}

export function hasTagOrDigest(reference: string): boolean {
  return reference.includes('@') || reference.slice(reference.lastIndexOf('/') + 1).includes(':');
}

/** `docker.io/library/alpine:3` → `alpine:3`, the familiar form. */
export function familiarReference(canonical: string): string {
  return canonical.replace(/^docker\.io\/(?:library\/)?/, '');
}

/** `docker.io/library/alpine:3` → `3` and `library/alpine`; a digest counts as a tag. */
export function splitCanonical(canonical: string): { tag: string; path: string } {
  const [named = canonical, digest] = canonical.split('@');
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const name = tagged ? named.slice(0, colon) : named;
  return {
    tag: digest ?? (tagged ? named.slice(colon + 1) : 'latest'),
    path: name.slice(name.indexOf('/') + 1),
  };
}

/** `alpine:3` → `alpine` and `3`; a name with a digest has no tag. */
export function splitTag(familiar: string): [repository: string, tag: string] {
  const [named = familiar] = familiar.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  return colon < 0 ? [named, '<none>'] : [named.slice(0, colon), named.slice(colon + 1)];
}

/** The first twelve digits of an id, without its algorithm. */
export function shortId(id: string): string {
  return id.replace(/^sha(256|512):/, '').slice(0, 12);
}
