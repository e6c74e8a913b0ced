import { BoxliteError } from '../../errors.js';
import { candidates, canonicalName, parseReference } from '../oci/reference.js';
import { RegistryClient, type RegistryOptions } from '../registry/client.js';
import { everyRegistryFailed, isForNextRegistry } from './search-list.js';

export interface ListTagsOptions extends RegistryOptions {
  /** The search list for names without a registry; empty means docker.io. */
  registries?: readonly string[];
}

/**
 * All tags of a repository, from the first registry that has it.
 * @param text a name without tag and digest
 * @returns canonical references, `docker.io/library/alpine:3.20`, in the registry's order
 * @throws BoxliteError `invalid-reference`, `image-not-found`, `registry-*`, `cancelled`
 */
export async function listTags(text: string, options: ListTagsOptions = {}): Promise<string[]> {
  const failures: BoxliteError[] = [];
  for (const place of candidates(parseReference(text), options.registries)) {
    const client = new RegistryClient(place.registry, options);
    try {
      const tags = await client.tags(place.repository);
      return tags.map((tag) => canonicalName({ ...place, tag }));
    } catch (error) {
      if (!isForNextRegistry(error)) throw error;
      failures.push(error);
    } finally {
      client.close();
    }
  }
  throw everyRegistryFailed(text, failures);
}
