import type { BoxliteRuntime } from '../../../engine/runtime.js';
import { pullWithProgress } from '../../box/pull-image.js';
import { platformFlag, readPlatformFlag } from '../../flags/platform.js';
import { hasTagOrDigest } from '../../output/text/reference.js';
import { defineCommand, flag } from '../../parse/command.js';
import { checkContentTrust, CONTENT_TRUST } from '../../parse/refused-flags.js';
import { usageError } from '../../parse/usage-error.js';
import { type CommandContext, print } from '../../process/context.js';
import { forEachTarget } from '../../process/targets.js';
import { untilSignal } from '../../process/until-signal.js';

export const pull = defineCommand({
  name: 'pull',
  aliases: ['image pull'],
  group: 'images',
  summary: 'Download an image from a registry',
  args: [{ name: 'IMAGE', summary: 'NAME[:TAG|@DIGEST]', complete: 'image' }],
  options: {
    'all-tags': flag('All tags of the repository', { short: 'a' }),
    quiet: flag('Print the full reference only', { short: 'q' }),
    platform: platformFlag('Platform of the image, such as linux/arm64'),
    ...CONTENT_TRUST,
  },
  examples: [{ command: 'boxlite pull alpine:3.20', what: 'For boxes that come later' }],
  async run(context, [image = ''], options) {
    const { 'all-tags': allTags, quiet } = options;
    const platform = readPlatformFlag(context, options.platform);
    checkContentTrust(options);
    if (allTags && hasTagOrDigest(image))
      throw usageError("tag can't be used with --all-tags/-a", 'pull');
    const runtime = await context.runtime();
    const lines = quiet ? undefined : context.stdout;
    const pullOne = async (reference: string): Promise<string> => {
      const pulled = await pullWithProgress(context, runtime, reference, { lines, platform });
      return `${pulled.reference}\n`;
    };
    if (allTags)
      await forEachTarget(context, await tagsOf(context, runtime, image), 'in turn', pullOne);
    else await print(context, await pullOne(image));
    return 0;
  },
});

function tagsOf(
  context: CommandContext,
  runtime: BoxliteRuntime,
  repository: string,
): Promise<string[]> {
  return untilSignal(context, (signal) => runtime.listRemoteTags(repository, signal));
}
