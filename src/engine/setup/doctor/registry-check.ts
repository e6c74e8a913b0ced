import { BoxliteError } from '../../../errors.js';
import type { RegistryOptions } from '../../../image/registry/options.js';
import { type Finding, ok, warning } from './check.js';

/** At most a warning: boxes run without a registry. */
export async function checkRegistries(
  registries: readonly string[],
  options: () => Promise<RegistryOptions>,
  timeoutMs: number,
): Promise<Finding> {
  const { pingRegistry } = await import('../../../image/registry/ping.js');
  const silent: string[] = [];
  for (const registry of registries) {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await pingRegistry(registry, {
        ...(await options()),
        retry: { attempts: 1, firstPauseMs: 0, longestPauseMs: 0 },
        signal,
      });
    } catch (error) {
      if (signal.aborted) silent.push(`${registry} does not answer within ${timeoutMs / 1000} s`);
      else if (error instanceof BoxliteError) silent.push(error.message);
      else throw error;
    }
  }
  if (silent.length === 0) return ok(`${registries.join(', ')} can be reached`);
  return warning(
    silent.join('; '),
    'look at the network, and at HTTPS_PROXY if you need a proxy; images that are here can be used',
  );
}
