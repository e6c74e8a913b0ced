import type { ImageDetails } from '../../../engine/images/images.js';
import { keysOnly, sorted } from '../../../engine/report/inspect-order.js';
import { rfc3339Nano } from '../../../engine/report/rfc3339.js';
import { STORAGE_DRIVER } from '../../../engine/spec/defaults.js';
import { familiarReference } from '../text/reference.js';

/** An image under Docker's keys, as `inspect` prints it. */
export function imageInspection(image: ImageDetails): object {
  const { config } = image;
  const [os = config.os, architecture = config.architecture, variant] = image.platform.split('/');
  const newest = config.history.at(-1);
  return {
    Id: image.id,
    RepoTags: image.references
      .filter((reference) => !reference.includes('@'))
      .map(familiarReference),
    RepoDigests: image.repoDigests.map(familiarReference),
    Parent: '',
    Comment: newest?.comment ?? '',
    Created: config.created ?? rfc3339Nano(image.createdAt.getTime()),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: runConfig(config),
    Architecture: architecture,
    ...(variant !== undefined && { Variant: variant }),
    Os: os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Data: null, Name: STORAGE_DRIVER },
    RootFS: { Type: 'layers', Layers: image.layers },
    Metadata: { LastTagTime: rfc3339Nano((image.lastTaggedAt ?? new Date(ZERO_TIME)).getTime()) },
    ManifestDigest: image.manifestDigest,
  };
}

/** Go's zero time, which Docker shows for "never". */
const ZERO_TIME = '0001-01-01T00:00:00Z';

function runConfig(config: ImageDetails['config']): object {
  const { healthcheck, shell } = config;
  return {
    Hostname: '',
    Domainname: '',
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    ...(config.exposedPorts.length > 0 && { ExposedPorts: keysOnly(config.exposedPorts) }),
    Tty: false,
    OpenStdin: false,
    StdinOnce: false,
    Env: config.env,
    Cmd: config.cmd,
    ...(healthcheck !== undefined && {
      Healthcheck: {
        Test: healthcheck.test,
        Interval: healthcheck.intervalNs,
        Timeout: healthcheck.timeoutNs,
        StartPeriod: healthcheck.startPeriodNs,
        StartInterval: healthcheck.startIntervalNs,
        Retries: healthcheck.retries,
      },
    }),
    Image: '',
    Volumes: config.volumes.length === 0 ? null : keysOnly(config.volumes),
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint,
    OnBuild: config.onBuild ?? null,
    Labels: Object.keys(config.labels).length === 0 ? null : sorted(config.labels),
    StopSignal: config.stopSignal ?? '',
    ...(shell !== undefined && { Shell: shell }),
  };
}
