import { isDeepStrictEqual } from 'node:util';
import { signalName, signalNumber } from '../../host/signals.js';
import type { ImageConfig } from '../../image/oci/image-config.js';
import type { CommitRequest } from '../../image/transfer/commit.js';
import type { BoxSpec } from '../spec/box-spec.js';
import { configEnv } from '../spec/config-env.js';
import { HEALTHCHECK_DEFAULTS, settleHealthcheck } from '../spec/healthcheck.js';

const NS_PER_MS = 1e6;

type RunValues = ReturnType<CommitRequest['run']>;

/**
 * The keys of an image's config whose values a box may override. Keys missing here keep the image's own text.
 */
export function committedConfig(spec: BoxSpec, image: ImageConfig): RunValues {
  const { entrypointLength: at, argv, exposedPorts = [] } = spec;
  return {
    Env: configEnv(spec),
    Entrypoint: at === 0 ? null : argv.slice(0, at),
    Cmd: argv.length === at ? null : argv.slice(at),
    WorkingDir: spec.workingDir === '/' ? '' : spec.workingDir,
    User: spec.user,
    Labels: spec.labels,
    ...(exposedPorts.length > 0 && {
      ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [port, {}])),
    }),
    ...volumesOf(spec, image),
    ...(spec.stopSignal !== stopSignalOf(image) && { StopSignal: signalName(spec.stopSignal) }),
    ...healthcheckOf(spec, image),
  };
}

/** Docker's rule: a volume that the box has by its path alone is one of the image's, too. */
function volumesOf({ volumes }: BoxSpec, image: ImageConfig): Pick<RunValues, 'Volumes'> {
  const paths = volumes.filter(({ given }) => given === 'path').map(({ target }) => target);
  if (paths.length === 0) return {};
  const all = [...image.volumes, ...paths];
  return { Volumes: Object.fromEntries(all.map((path) => [path, {}])) };
}

/** @returns undefined for an unknown signal: a box of such an image has its own stop signal */
function stopSignalOf({ stopSignal = 'SIGTERM' }: ImageConfig): number | undefined {
  try {
    return signalNumber(stopSignal);
  } catch {
    return undefined;
  }
}

/** As in Docker, a box that turned the image's check off makes an image with the check turned off. */
function healthcheckOf(
  { healthcheck: own }: BoxSpec,
  image: ImageConfig,
): Pick<RunValues, 'Healthcheck'> {
  if (isDeepStrictEqual(own, settleHealthcheck(undefined, image).healthcheck)) return {};
  if (own === undefined) return { Healthcheck: { Test: ['NONE'] } };
  const changed = (field: keyof typeof HEALTHCHECK_DEFAULTS): number | undefined =>
    own[field] === HEALTHCHECK_DEFAULTS[field] ? undefined : own[field];
  const ns = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : ms * NS_PER_MS;
  // JSON omits undefined values, so the reader's defaults apply.
  return {
    Healthcheck: {
      Test: own.test,
      Interval: ns(changed('intervalMs')),
      Timeout: ns(changed('timeoutMs')),
      StartPeriod: ns(changed('startPeriodMs')),
      StartInterval: ns(changed('startIntervalMs')),
      Retries: changed('retries'),
    },
  };
}
