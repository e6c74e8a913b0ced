import { RegistryHost } from './host.js';
import type { RegistryOptions } from './options.js';
import { transportFailure } from './registry-error.js';

/**
 * Asks a registry for `/v2/` and accepts any answer: whether we may read there is another question.
 * @throws BoxliteError `registry-unreachable`, `timeout`
 */
export async function pingRegistry(registry: string, options: RegistryOptions): Promise<void> {
  const host = new RegistryHost(registry, options);
  try {
    (await host.get('v2/', '', {})).discard();
  } catch (error) {
    throw transportFailure(error, registry, options.signal);
  } finally {
    host.close();
  }
}
