import { type TarFields } from './tar-builder.js';

export const file = (name: string, content = 'x'): TarFields => ({ name, content });
export const directory = (name: string): TarFields => ({ name, type: '5' });
export const symlink = (name: string, linkName: string): TarFields => ({
  name,
  type: '2',
  linkName,
});
export const hardlink = (name: string, linkName: string): TarFields => ({
  name,
  type: '1',
  linkName,
});

/** A file of nine bytes in sparse format 0.1. */
export function sparse({ size, map }: { size: string; map: string }): TarFields {
  return { ...file('s', 'nine byte'), pax: { 'GNU.sparse.size': size, 'GNU.sparse.map': map } };
}
