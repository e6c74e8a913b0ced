import type { LiteBox } from '../../engine/box.js';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { environmentEntries } from '../../engine/spec/environment.js';
import type { BoxOptions } from '../../engine/spec/options.js';
import { BoxliteError } from '../../errors.js';
import { withDefaultTag } from '../output/text/reference.js';
import { usageError } from '../parse/usage-error.js';
import { type CommandContext, say } from '../process/context.js';
import { checkCidfile, writeCidfile } from './cidfile.js';
import { type BoxFlagValues, readBoxOptions } from './flags.js';
import { withProxies } from './proxy-variables.js';
import { pullWithProgress } from './pull-image.js';

/**
 * Creates the box of `run` and `create`: shows a pull on stderr, and writes the id to the cidfile.
 * @param words IMAGE and the command; with `--rootfs` only the command
 */
export async function createBox(
  context: CommandContext,
  runtime: BoxliteRuntime,
  verb: 'run' | 'create',
  words: readonly string[],
  flags: BoxFlagValues,
): Promise<LiteBox> {
  const image = flags.rootfs === undefined ? words[0] : undefined;
  const command = flags.rootfs === undefined ? words.slice(1) : words;
  if (image === undefined && flags.rootfs === undefined)
    throw usageError(`'boxlite ${verb}' requires at least 1 argument`, verb);
  if (flags.cidfile !== undefined) checkCidfile(flags.cidfile);
  const read = readBoxOptions(context, image, command, flags);
  const variables = environmentEntries(read.env ?? []);
  const options = { ...read, env: await withProxies(context, variables, flags.env) };
  const box =
    image === undefined
      ? await runtime.create(options, flags.name)
      : await createPulling(context, runtime, image, options, flags);
  try {
    if (flags.cidfile !== undefined) writeCidfile(flags.cidfile, box.id);
    return box;
  } catch (error) {
    // A caller who asked for the file would never find the box.
    await runtime.remove(box.id, { force: true, volumes: true });
    throw error;
  }
}

async function createPulling(
  context: CommandContext,
  runtime: BoxliteRuntime,
  image: string,
  options: BoxOptions,
  flags: BoxFlagValues,
): Promise<LiteBox> {
  const policy = flags.pull ?? 'missing';
  const pull = async (): Promise<void> => {
    await pullWithProgress(context, runtime, image, {
      lines: flags.quiet ? undefined : context.stderr,
      platform: options.platform,
    });
  };
  if (policy === 'always') await pull();
  // The image is nearly always present: asking first would slow down every start.
  const create = (): Promise<LiteBox> => runtime.create({ ...options, pull: 'never' }, flags.name);
  try {
    return await create();
  } catch (error) {
    const missing = error instanceof BoxliteError && error.code === 'image-not-found';
    if (!missing || policy !== 'missing') throw error;
  }
  if (!flags.quiet) say(context, `Unable to find image '${withDefaultTag(image)}' locally`);
  await pull();
  return await create();
}
