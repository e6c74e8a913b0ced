import { isDigest } from './digest.js';
import { JsonReader } from './json-reader.js';
import type { Platform } from './platform.js';

export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/** An image's configuration (OCI image-spec, config.md, and Docker's additions to it). */
export interface ImageConfig {
  architecture: string;
  os: string;
  variant?: string;
  /** RFC 3339. */
  created?: string;
  author?: string;
  /** NAME|UID[:GROUP|GID], empty for root. */
  user: string;
  /** `K=V` each. */
  env: string[];
  entrypoint: string[] | null;
  cmd: string[] | null;
  /** Empty when the config does not set it. */
  workingDir: string;
  /** `80/tcp` each. */
  exposedPorts: string[];
  volumes: string[];
  labels: Record<string, string>;
  stopSignal?: string;
  healthcheck?: Healthcheck;
  /** For the shell form of commands. */
  shell?: string[];
  /** Dockerfile instructions deferred to the next build. */
  onBuild?: string[];
  /** Digests of the uncompressed layers, base first. */
  diffIds: string[];
  history: HistoryEntry[];
}

/**
 * `test` is in Docker's form: `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", line]`; times in
 * nanoseconds.
 */
export interface Healthcheck {
  test: string[];
  intervalNs?: number;
  timeoutNs?: number;
  startPeriodNs?: number;
  startIntervalNs?: number;
  retries?: number;
}

export interface HistoryEntry {
  created?: string;
  createdBy?: string;
  author?: string;
  comment?: string;
  emptyLayer: boolean;
}

/** Empty strings where the config is silent. */
export function platformOfConfig({ os, architecture, variant }: ImageConfig): Platform {
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/**
 * Parses an image's config.
 * @throws BoxliteError `image-corrupt`
 */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const reader = JsonReader.parse(bytes, what);
  const run = reader.optionalObject('config') ?? JsonReader.of({}, `${what}, config`);
  const config: ImageConfig = {
    architecture: reader.optionalString('architecture') ?? '',
    os: reader.optionalString('os') ?? '',
    user: run.optionalString('User') ?? '',
    env: run.optionalStrings('Env') ?? [],
    entrypoint: run.optionalStrings('Entrypoint') ?? null,
    cmd: run.optionalStrings('Cmd') ?? null,
    workingDir: run.optionalString('WorkingDir') ?? '',
    exposedPorts: run.optionalObject('ExposedPorts')?.keys() ?? [],
    volumes: run.optionalObject('Volumes')?.keys() ?? [],
    labels: run.stringMap('Labels'),
    diffIds: parseDiffIds(reader),
    history: reader.objects('history').map(parseHistory),
  };
  const variant = reader.optionalString('variant');
  const created = reader.optionalString('created');
  const author = reader.optionalString('author');
  const stopSignal = run.optionalString('StopSignal');
  const healthcheck = run.optionalObject('Healthcheck');
  const shell = run.optionalStrings('Shell');
  const onBuild = run.optionalStrings('OnBuild');
  if (variant) config.variant = variant;
  if (created) config.created = created;
  if (author) config.author = author;
  if (stopSignal) config.stopSignal = stopSignal;
  if (healthcheck) config.healthcheck = parseHealthcheck(healthcheck);
  if (shell) config.shell = shell;
  if (onBuild) config.onBuild = onBuild;
  return config;
}

function parseDiffIds(reader: JsonReader): string[] {
  const rootfs = reader.object('rootfs');
  const diffIds = rootfs.optionalStrings('diff_ids') ?? [];
  const bad = diffIds.find((diffId) => !isDigest(diffId));
  if (bad !== undefined)
    throw rootfs.fault('diff_ids', `holds ${JSON.stringify(bad)}, which is no digest`);
  return diffIds;
}

function parseHistory(reader: JsonReader): HistoryEntry {
  const entry: HistoryEntry = { emptyLayer: reader.flag('empty_layer') };
  const created = reader.optionalString('created');
  const createdBy = reader.optionalString('created_by');
  const author = reader.optionalString('author');
  const comment = reader.optionalString('comment');
  if (created) entry.created = created;
  if (createdBy) entry.createdBy = createdBy;
  if (author) entry.author = author;
  if (comment) entry.comment = comment;
  return entry;
}

function parseHealthcheck(reader: JsonReader): Healthcheck {
  const check: Healthcheck = { test: reader.optionalStrings('Test') ?? [] };
  if (reader.has('Interval')) check.intervalNs = reader.size('Interval');
  if (reader.has('Timeout')) check.timeoutNs = reader.size('Timeout');
  if (reader.has('StartPeriod')) check.startPeriodNs = reader.size('StartPeriod');
  if (reader.has('StartInterval')) check.startIntervalNs = reader.size('StartInterval');
  if (reader.has('Retries')) check.retries = reader.size('Retries');
  return check;
}
