import type { PullEvent, PullResult } from '../engine/images.js';
import type { BoxliteRuntime } from '../engine/runtime.js';
import type { CommandContext, OutputStream } from './context.js';
import { familiarReference, hasTagOrDigest, shortId, splitCanonical } from './output/reference.js';
import { PullProgress } from './output/pull-progress.js';
import { openSpinner } from './output/spinner.js';

export interface PullView {
  /** Where Docker's lines go; undefined = nothing is said. */
  readonly lines: OutputStream | undefined;
  readonly platform: string | undefined;
}

/** Pulls with a line for each step of a layer, and a spinner where a person watches. */
export async function pullWithProgress(
  context: CommandContext,
  runtime: BoxliteRuntime,
  reference: string,
  view: PullView,
): Promise<PullResult> {
  const { lines } = view;
  const platform = view.platform === undefined ? {} : { platform: view.platform };
  if (lines === undefined) return await runtime.pullImage(reference, platform);

  if (!hasTagOrDigest(reference)) lines.write('Using default tag: latest\n');
  const progress = new PullProgress(context.now());
  const spinner = await openSpinner(context);
  const say = (line: string): void => spinner.over(() => void lines.write(`${line}\n`));
  const onProgress = (event: PullEvent): void => {
    if (event.type === 'trying') spinner.show(`asking for ${event.reference}`);
    if (event.type === 'resolved') say(pullingFrom(event.reference));
    if (event.type !== 'layer') return;
    const step = progress.take(event);
    if (step !== undefined) say(`${shortId(event.digest)}: ${step}`);
    spinner.show(progress.summary(context.now()));
  };
  let result: PullResult;
  try {
    result = await runtime.pullImage(reference, { ...platform, onProgress });
  } finally {
    spinner.stop();
  }
  const image = familiarReference(result.reference);
  const status = result.upToDate ? 'Image is up to date for' : 'Downloaded newer image for';
  say(`Digest: ${result.digest}\nStatus: ${status} ${image}`);
  return result;
}

function pullingFrom(canonical: string): string {
  const { tag, path } = splitCanonical(canonical);
  return `${tag}: Pulling from ${path}`;
}
