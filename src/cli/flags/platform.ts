import { parsePlatform } from '../../engine/spec/platform-name.js';
import { BoxliteError } from '../../errors.js';
import { value } from '../parse/command.js';
import type { CommandContext } from '../process/context.js';

const VARIABLE = 'DOCKER_DEFAULT_PLATFORM';

/** `--platform` of the commands that take its default from the environment, as in Docker. */
export const platformFlag = (summary: string) => value(summary, 'OS/ARCH[/VARIANT]');

/**
 * Returns the requested platform; undefined means this machine's, as does an empty flag.
 * @throws BoxliteError `invalid-argument`
 */
export function readPlatformFlag(
  { environment }: Pick<CommandContext, 'environment'>,
  given: string | undefined,
): string | undefined {
  const platform = given ?? environment[VARIABLE] ?? '';
  if (platform === '') return undefined;
  try {
    parsePlatform(platform);
    return platform;
  } catch (error) {
    if (given !== undefined || !(error instanceof BoxliteError)) throw error;
    throw new BoxliteError(error.code, `${VARIABLE}: ${error.message}`, {
      cause: error,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}
