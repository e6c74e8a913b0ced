import { BoxliteError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import { applyChanges, type RunConfig } from '../dockerfile/run-config.js';
import { type ImageConfig, MAX_CONFIG_BYTES } from '../oci/image-config.js';
import { readBlob } from '../store/content-store.js';
import type { StoredImage } from '../store/image-record.js';
import type { Keep } from '../store/keep.js';
import type { LayerLimits } from '../store/layer-limits.js';
import { storeImage } from '../store/store-image.js';
import { receiveLayer } from './import.js';

type RunValues = { [K in keyof RunConfig]: RunConfig[K] | null };

export interface CommitRequest {
  /** Tar of the changes, in the format of layers. */
  layer: AsyncIterable<Uint8Array>;
  /** The config keys that differ from the base's; null for one that the new image lacks. */
  run: (base: ImageConfig) => RunValues;
  /** Dockerfile instructions to apply after that; see dockerfile/run-config.ts. */
  changes: readonly string[];
  message: string;
  author: string;
  keep: Keep;
  limits: LayerLimits;
}

/**
 * Makes an image from another one's layers plus a new one.
 * @throws BoxliteError `invalid-argument` for a change, `image-corrupt`, `no-space`
 */
export async function commitImage(
  home: Home,
  base: StoredImage,
  request: CommitRequest,
): Promise<StoredImage> {
  const config = await readConfig(home, base);
  // Report a mistake in a change before reading anything.
  const before = withoutNull({ ...config.config, ...request.run(base.config) });
  const run = withTimesOf(before, applyChanges(request.changes, before));
  request.keep([...base.layers.map(({ digest }) => digest), ...base.config.diffIds]);
  const layer = await receiveLayer(home, request.layer, request.keep, request.limits);
  const created = new Date().toISOString();
  const bytes = Buffer.from(
    JSON.stringify({
      ...config,
      created,
      author: request.author,
      config: run,
      rootfs: { type: 'layers', diff_ids: [...base.config.diffIds, layer.diffId] },
      history: [
        ...(config.history ?? []),
        {
          created,
          author: request.author,
          created_by: (run.Cmd ?? run.Entrypoint ?? []).join(' '),
          comment: request.message,
        },
      ],
    }),
  );
  return storeImage(home, bytes, [...base.layers, layer], request.keep);
}

type JsonConfig = Record<string, unknown> & { config?: RunConfig; history?: unknown[] };

/** Unparsed: keys that we don't know pass on to the new image. */
async function readConfig(home: Home, base: StoredImage): Promise<JsonConfig> {
  const bytes = await readBlob(home, base.configDigest, MAX_CONFIG_BYTES);
  const json: unknown = JSON.parse(bytes.toString());
  if (typeof json === 'object' && json !== null) return json as JsonConfig;
  throw new BoxliteError('image-corrupt', `the config of image ${base.configDigest} is no object`);
}

/** A new healthcheck inherits the times that it does not set, as in Docker. */
function withTimesOf(before: RunConfig, run: RunConfig): RunConfig {
  if (run.Healthcheck === undefined || run.Healthcheck === before.Healthcheck) return run;
  const given = Object.entries(run.Healthcheck).filter(([, value]) => value !== 0);
  const { Test } = run.Healthcheck;
  return { ...run, Healthcheck: { ...before.Healthcheck, ...Object.fromEntries(given), Test } };
}

function withoutNull(values: RunValues): RunConfig {
  return Object.fromEntries(Object.entries(values).filter(([, each]) => each !== null));
}
