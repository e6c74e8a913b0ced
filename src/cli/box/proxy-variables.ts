import { BoxliteError } from '../../errors.js';
import { type CommandContext, warn } from '../process/context.js';

/**
 * Adds the proxies of Docker's config.json to a new box's environment. As in Docker, only `-e` overrides
 * them, with or without a value.
 * @param given the words of `-e`
 */
export async function withProxies(
  context: Pick<CommandContext, 'settings' | 'environment' | 'stderr'>,
  environment: readonly string[],
  given: readonly string[],
): Promise<string[]> {
  const own = new Set(given.map(nameOf));
  const proxies = await readProxies(context);
  return [...environment, ...proxies.filter((variable) => !own.has(nameOf(variable)))];
}

/** A box does not need this file, so an unreadable one only causes a warning. */
async function readProxies({
  settings,
  environment,
  stderr,
}: Pick<CommandContext, 'settings' | 'environment' | 'stderr'>): Promise<string[]> {
  const { dockerProxies } = await import('../../engine/setup/docker-proxies.js');
  try {
    return await dockerProxies(settings.dockerConfigDir, environment.DOCKER_HOST);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    warn({ stderr }, `no proxies for the box: ${error.message}`);
    return [];
  }
}

function nameOf(variable: string): string {
  return variable.split('=', 1)[0] ?? '';
}
