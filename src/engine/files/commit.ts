import { abortable } from '../../abort.js';
import type { ImageConfig } from '../../image/oci/image-config.js';
import { isActive } from '../../store/status.js';
import type { Images } from '../images/images.js';
import { layerValues } from '../machine/guest-messages.js';
import { boxName } from '../spec/names/box-name.js';
import type { CommitOptions } from '../spec/options.js';
import { specOf } from '../spec/stored-spec.js';
import { currentRecord, type EngineContext } from '../state/context.js';
import { observed } from '../state/observe.js';
import { committedConfig } from './committed-config.js';
import { exportBox } from './export.js';

/**
 * Makes an image from a box: its image's layers, a layer with the box's changes, and a configuration that
 * runs what the box runs.
 * @returns the new image's id
 * @throws box-not-found, invalid-argument for a change, invalid-reference, cancelled, and what a start may
 *   throw
 */
export async function commitBox(
  context: EngineContext,
  images: Images,
  id: string,
  options: CommitOptions = {},
): Promise<string> {
  const { signal, ...rest } = options;
  const record = await observed(context.home, currentRecord(context, id));
  const spec = specOf(record.options);
  const freeze = options.pause !== false && isActive(record.status);
  const what = `the commit of box ${boxName(record)}`;
  const request = {
    manifestDigest: record.manifestDigest,
    image: record.image,
    run: (image: ImageConfig) => committedConfig(spec, image),
    layer: exportBox(context, id, layerValues(freeze), signal),
    ...rest,
  };
  return abortable(signal, what, () => images.commit(request));
}
