import { noSuchImage } from '../../../engine/images/error.js';
import type { BoxliteRuntime } from '../../../engine/runtime.js';
import { noSuchBox } from '../../../engine/state/state-error.js';
import { noSuchVolume } from '../../../engine/volumes/find.js';
import { BoxliteError } from '../../../errors.js';
import { oneOf } from '../../flags/number.js';
import { CONTAINER } from '../../output/go/container.js';
import type { GoType } from '../../output/go/go-type.js';
import { IMAGE } from '../../output/go/image.js';
import { VOLUME } from '../../output/go/volume.js';
import { imageInspection } from '../../output/rows/image-inspection.js';
import { volumeInspection } from '../../output/rows/volume-inspection.js';
import { compileTemplate } from '../../output/template.js';
import { unescape } from '../../output/terminal/list.js';
import { jsonText } from '../../output/text/json-text.js';
import { defineCommand, flag, value } from '../../parse/command.js';
import { type CommandContext, print, say } from '../../process/context.js';
import { TargetFailures } from '../../process/targets.js';

const TYPES = ['box', 'container', 'image', 'volume'] as const;

interface InspectOptions {
  readonly format: string | undefined;
  readonly size: boolean;
  readonly type: (typeof TYPES)[number] | undefined;
}

export const inspect = defineCommand({
  name: 'inspect',
  group: 'boxes',
  summary: 'Show all that is known about boxes, images and volumes, as JSON',
  description: 'Always a list. What is found is shown even when other names are missing.',
  args: [{ name: 'NAME', summary: 'Box, image or volume', variadic: true, complete: 'object' }],
  options: {
    format: value("json, or a template such as '{{.State.Status}}'", 'FORMAT', {
      short: 'f',
      emptyIsNone: true,
    }),
    type: value('Only what is this, of the name', 'box|container|image|volume', {
      parse: oneOf(TYPES),
      complete: TYPES,
      emptyIsNone: true,
    }),
    size: flag('What a box takes of the disk, too', { short: 's' }),
  },
  examples: [
    { command: "boxlite inspect --format '{{.State.ExitCode}}' job", what: 'One field of it' },
  ],
  async run(context, names, options) {
    await inspectAll(context, names, options);
    return 0;
  },
});

/** @throws TargetFailures for the missing names, after the others have been shown */
export async function inspectAll(
  context: CommandContext,
  names: readonly string[],
  options: InspectOptions,
): Promise<void> {
  const { format } = options;
  // Report a malformed template before looking anything up.
  const template =
    format === undefined || format === 'json'
      ? undefined
      : compileTemplate(unescape(format), context.stdout.isTTY);
  const runtime = await context.runtime();
  const found: Found[] = [];
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      const each = await inspectOne(runtime, name, options);
      if (options.size && each.type !== CONTAINER)
        say(context, `WARNING: --size ignored for ${each.type === IMAGE ? 'image' : 'volume'}`);
      found.push(each);
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      failures.push(error);
    }
  }
  if (template !== undefined) {
    const lines = found.map(({ json, type }) => `${template.render(type(json))}\n`);
    // Docker prints a line even when nothing was found, and scripts expect it.
    await print(context, lines.length === 0 ? '\n' : lines.join(''));
  } else {
    const objects = found.map(({ json }) => json);
    await print(context, `${jsonText(objects, format === 'json' ? 0 : 4)}\n`);
  }
  if (failures.length > 0) throw new TargetFailures(failures);
}

/** The value that JSON shows, and the value that a template sees. */
interface Found {
  json: object;
  type: GoType;
}

async function inspectOne(
  runtime: BoxliteRuntime,
  name: string,
  { type, size }: InspectOptions,
): Promise<Found> {
  if (type === undefined || type === 'box' || type === 'container') {
    const box = await runtime.get(name);
    if (box !== undefined) return { json: await box.inspect({ size }), type: CONTAINER };
    if (type !== undefined) throw noSuchBox(name);
  }
  if (type !== 'volume') {
    const image = await runtime.inspectImage(name);
    if (image !== undefined) return { json: imageInspection(image), type: IMAGE };
    if (type === 'image') throw noSuchImage(name);
  }
  const volume = await runtime.volumes.get(name);
  if (volume !== undefined) return { json: volumeInspection(volume), type: VOLUME };
  if (type === 'volume') throw noSuchVolume(name);
  throw new BoxliteError('box-not-found', `No such object: ${name}`, {
    hint: "'boxlite ps -a' shows all boxes, 'boxlite images' all images, 'boxlite volume ls' all volumes",
  });
}
