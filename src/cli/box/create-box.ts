import type { LiteBox } from '../../engine/box.js';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { environmentEntries } from '../../engine/spec/environment.js';
import type { BoxOptions } from '../../engine/spec/options.js';
import { isImageVolume } from '../../engine/spec/volumes/volume-spec.js';
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
  const pull = async (name: string): Promise<void> => {
    await pullWithProgress(context, runtime, name, {
      lines: flags.quiet ? undefined : context.stderr,
      platform: name === image ? options.platform : undefined,
    });
  };
  const mounted = (options.volumes ?? []).filter(isImageVolume).map((volume) => volume.image);
  const missing = new Set([image, ...mounted]);
  if (policy === 'always') for (const name of missing) await pull(name);
  for (;;)
    try {
      // The images are nearly always present: asking first would slow down every start.
      return await runtime.create({ ...options, pull: 'never' }, flags.name);
    } catch (error) {
      if (!(error instanceof BoxliteError) || error.code !== 'image-not-found') throw error;
      // Here for another platform only is the box's own.
      const name = error.remedy?.image ?? image;
      if (policy !== 'missing' || !missing.delete(name)) throw error;
      if (!flags.quiet) say(context, `Unable to find image '${withDefaultTag(name)}' locally`);
      await pull(name);
    }
}
