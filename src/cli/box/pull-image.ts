import type { PullResult } from '../../engine/images/images.js';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { openPullView, SILENT } from '../output/terminal/pull-view.js';
import { familiarReference, hasTagOrDigest } from '../output/text/reference.js';
import type { CommandContext, OutputStream } from '../process/context.js';
import { untilSignal } from '../process/until-signal.js';

export interface PullRequest {
  /** Where Docker's lines go; undefined prints nothing. */
  readonly lines: OutputStream | undefined;
  readonly platform: string | undefined;
}

/**
 * Pulls an image and prints Docker's lines.
 * @throws Interrupted by a signal, once the pull has closed everything; the next pull resumes it
 */
export async function pullWithProgress(
  context: CommandContext,
  runtime: BoxliteRuntime,
  reference: string,
  { lines, platform }: PullRequest,
): Promise<PullResult> {
  const view = lines === undefined ? SILENT : openPullView(context, lines);
  if (!hasTagOrDigest(reference)) view.say('Using default tag: latest');
  let result: PullResult;
  try {
    result = await untilSignal(context, (signal) =>
      runtime.pullImage(reference, {
        ...(platform === undefined ? {} : { platform }),
        onProgress: (event) => view.take(event),
        signal,
      }),
    );
  } finally {
    view.close();
  }
  const image = familiarReference(result.reference);
  const status = result.upToDate ? 'Image is up to date for' : 'Downloaded newer image for';
  view.say(`Digest: ${result.digest}`);
  view.say(`Status: ${status} ${image}`);
  return result;
}
