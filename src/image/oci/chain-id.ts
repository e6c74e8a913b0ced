import { digestOf } from './digest.js';

/**
 * The names of a stack of layers, one per height (OCI image-spec, config.md, "Layer ChainID"): the
 * same layer on another base has another name.
 * @param diffIds lowest first
 */
export function chainIds(diffIds: readonly string[]): string[] {
  let chain: string | undefined;
  return diffIds.map((diffId) => {
    chain = chain === undefined ? diffId : digestOf(Buffer.from(`${chain} ${diffId}`));
    return chain;
  });
}
