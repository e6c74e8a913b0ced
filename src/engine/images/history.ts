import type { Home } from '../../host/home.js';
import type { StoredImage } from '../../image/store/image-record.js';
import { layerFileBytes } from '../../image/store/layer-store.js';

/** A step of an image's history. */
export interface HistoryLine {
  /** The image's id, on the newest line only: intermediate images are not kept. */
  id: string | undefined;
  createdAt: Date | undefined;
  createdBy: string;
  /** Bytes of the files in the step's layer. */
  sizeBytes: number;
  comment: string;
}

/**
 * Newest first. Layers without a history entry have a line, too.
 * @throws BoxliteError `image-corrupt`
 */
export async function imageHistory(
  home: Home,
  { config, configDigest }: StoredImage,
): Promise<HistoryLine[]> {
  const diffIds = [...config.diffIds];
  const lines: HistoryLine[] = [];
  for (const { created, createdBy, comment, emptyLayer } of config.history)
    lines.push({
      id: undefined,
      createdAt: dateOf(created),
      createdBy: createdBy ?? '',
      sizeBytes: await layerSize(home, emptyLayer ? undefined : diffIds.shift()),
      comment: comment ?? '',
    });
  for (const diffId of diffIds)
    lines.push({
      id: undefined,
      createdAt: dateOf(config.created),
      createdBy: '',
      sizeBytes: await layerSize(home, diffId),
      comment: '',
    });
  return lines.reverse().map((line, index) => (index === 0 ? { ...line, id: configDigest } : line));
}

async function layerSize(home: Home, diffId: string | undefined): Promise<number> {
  return diffId === undefined ? 0 : layerFileBytes(home, diffId);
}

function dateOf(text: string | undefined): Date | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms);
}
