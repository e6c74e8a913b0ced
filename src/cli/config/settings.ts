/** Precedence: flags, environment, file, defaults. */
import { readFileSync, statSync } from 'node:fs';
import { configPath, defaultHome } from '../../engine/setup/home-paths.js';
import { parseHostAddress } from '../../engine/spec/network/host-address.js';
import { type NetworkName, NETWORKS } from '../../engine/spec/network/policy.js';
import type { AcceleratorChoice, BoxliteOptions } from '../../engine/spec/options.js';
import { VOLUME_TYPES } from '../../engine/spec/volumes/volume-types.js';
import { BoxliteError, errnoOf, namedFileError } from '../../errors.js';
import type { Environment } from '../flags/key-values.js';
import { oneOf, wholeNumber } from '../flags/number.js';
import { parseDiskBytes, parseLayerBytes, parseLogBytes, parseMemoryMib } from '../flags/size.js';
import { closest } from '../parse/closest.js';
import { flag, list, type OptionValues, value } from '../parse/command.js';

export const ACCELERATORS = ['auto', 'kvm', 'tcg'] as const;
export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

export const GLOBAL_OPTIONS = {
  home: value('Directory that everything is kept in (default ~/.boxlite)', 'PATH', {
    complete: 'file',
  }),
  config: value(
    "Configuration file (default config.json in the home), or Docker's directory",
    'FILE',
    {
      complete: 'file',
    },
  ),
  registry: list('Registry to search first for short image names', 'HOST[:PORT]'),
  'insecure-registry': list('Registry to speak plain HTTP with', 'HOST[:PORT]'),
  'ca-cert': list('Certificate of an authority to trust for registries (PEM)', 'FILE', {
    complete: 'file',
  }),
  accel: value('How to run the VM: auto, kvm or tcg', 'KIND', {
    parse: oneOf<AcceleratorChoice>(ACCELERATORS),
    complete: ACCELERATORS,
  }),
  'no-color': flag('No colours and no animation'),
  debug: flag('Show where an error came from', { short: 'D' }),
} as const;

export type GlobalValues = OptionValues<typeof GLOBAL_OPTIONS>;

export const SWITCH = ['off', 'on'] as const;

export interface Settings {
  readonly home: string;
  readonly registries: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: Readonly<Record<string, readonly string[]>>;
  readonly caCertificates: readonly string[];
  /** Directory of Docker's config.json; undefined uses Docker's own search. */
  readonly dockerConfigDir: string | undefined;
  readonly maxLayerBytes: number | undefined;
  readonly maxLayerEntries: number | undefined;
  readonly accelerator: AcceleratorChoice | undefined;
  readonly qemu: string | undefined;
  /** Kernel that `setup` uses instead of the distribution's. */
  readonly kernel: string | undefined;
  readonly color: boolean;
  readonly debug: boolean;
  /** Defaults of a new box whose flags do not set these. */
  readonly cpus: number | undefined;
  readonly memoryMib: number | undefined;
  readonly diskBytes: number | undefined;
  readonly network: NetworkName | undefined;
  /** Of volumes that are created without one. */
  readonly volumeType: (typeof VOLUME_TYPES)[number] | undefined;
  /** Whether what the host changes in its mounted directories and files is noticed, unless a mount says. */
  readonly watch: (typeof SWITCH)[number] | undefined;
  /** The host's address for published ports that name none. */
  readonly publishAddress: string | undefined;
  /** Size limit of each file of the log; -1 = no limit. */
  readonly logMaxBytes: number | undefined;
  readonly logMaxFiles: number | undefined;
  readonly detachKeys: string;
  readonly psFormat: string | undefined;
  readonly imagesFormat: string | undefined;
  /** The source of each setting, which `config` shows. */
  readonly sources: SettingSources;
}

export interface SettingSources {
  /** The configuration file, whether or not it exists. */
  readonly path: string;
  readonly fileKeys: ReadonlySet<string>;
  readonly flags: GlobalValues;
}

/** @throws BoxliteError `invalid-argument`, naming the file and the key, or the variable */
export function readSettings(flags: GlobalValues, environment: Environment): Settings {
  const home = flags.home ?? nonEmpty(environment.BOXLITE_HOME) ?? defaultHome();
  // In Docker, `--config` names a directory, which holds the credentials.
  const dockerDir = isDirectory(flags.config) ? flags.config : undefined;
  const givenFile =
    (dockerDir === undefined ? flags.config : undefined) ?? nonEmpty(environment.BOXLITE_CONFIG);
  const file = parseConfig(home, givenFile);
  const variable = (key: keyof typeof VARIABLES): string | undefined =>
    nonEmpty(environment[VARIABLES[key]]);
  return {
    home,
    registries: [...flags.registry, ...words(variable('registries')), ...(file.registries ?? [])],
    insecureRegistries: [
      ...flags['insecure-registry'],
      ...words(variable('insecureRegistries')),
      ...(file.insecureRegistries ?? []),
    ],
    registryMirrors: file.registryMirrors ?? {},
    caCertificates: [
      ...flags['ca-cert'],
      ...paths(variable('caCertificates')),
      ...(file.caCertificates ?? []),
    ],
    dockerConfigDir: dockerDir ?? nonEmpty(environment.DOCKER_CONFIG),
    maxLayerBytes: fromVariable(environment, 'maxLayerSize', parseLayerBytes) ?? file.maxLayerSize,
    maxLayerEntries:
      fromVariable(environment, 'maxLayerEntries', entryCount) ?? file.maxLayerEntries,
    accelerator:
      flags.accel ?? fromVariable(environment, 'accelerator', accelerator) ?? file.accelerator,
    qemu: variable('qemu') ?? file.qemu,
    kernel: variable('kernel') ?? file.kernel,
    color: wantsColor(flags['no-color'], environment),
    debug: flags.debug || nonEmpty(environment.BOXLITE_DEBUG) !== undefined,
    cpus: file.cpus,
    memoryMib: file.memory,
    diskBytes: file.diskSize,
    network: file.network,
    volumeType: fromVariable(environment, 'volumeType', volumeType) ?? file.volumeType,
    watch: fromVariable(environment, 'watch', onOrOff) ?? file.watch,
    publishAddress: fromVariable(environment, 'publishAddress', hostAddress) ?? file.publishAddress,
    logMaxBytes: file.logMaxSize,
    logMaxFiles: file.logMaxFile,
    detachKeys: file.detachKeys ?? DEFAULT_DETACH_KEYS,
    psFormat: file.psFormat,
    imagesFormat: file.imagesFormat,
    sources: {
      path: givenFile ?? configPath(home),
      fileKeys: new Set(Object.keys(file)),
      flags,
    },
  };
}

/** Whether to send escape sequences; a dumb terminal would print them. */
export function wantsColor(isRefused: boolean, environment: Environment): boolean {
  return !isRefused && nonEmpty(environment.NO_COLOR) === undefined && !isDumb(environment);
}

/** A terminal that cannot move its cursor: an editor's shell, a serial line. */
export function isDumb(environment: Environment): boolean {
  return environment.TERM === 'dumb';
}

/** The options that open the engine with these settings. */
export function runtimeOptions(
  settings: Settings,
  onNotice: (message: string) => void,
): BoxliteOptions {
  return {
    homeDir: settings.home,
    imageRegistries: [...settings.registries],
    insecureRegistries: [...settings.insecureRegistries],
    registryMirrors: Object.fromEntries(
      Object.entries(settings.registryMirrors).map(([registry, mirrors]) => [
        registry,
        [...mirrors],
      ]),
    ),
    caCertificates: [...settings.caCertificates],
    ...(settings.dockerConfigDir !== undefined && { dockerConfigDir: settings.dockerConfigDir }),
    ...(settings.maxLayerBytes !== undefined && { maxLayerBytes: settings.maxLayerBytes }),
    ...(settings.maxLayerEntries !== undefined && { maxLayerEntries: settings.maxLayerEntries }),
    ...(settings.accelerator !== undefined && { accelerator: settings.accelerator }),
    ...(settings.qemu !== undefined && { qemu: settings.qemu }),
    ...(settings.volumeType !== undefined && { volumeType: settings.volumeType }),
    onNotice,
  };
}

/** The upper bound is so high that a number near it certainly means "no limit". */
const entryCount = wholeNumber(1, 1_000_000_000);
const accelerator = oneOf<AcceleratorChoice>(ACCELERATORS);
const volumeType = oneOf(VOLUME_TYPES);
const onOrOff = oneOf(SWITCH);

/** Every key of the file, and the reader of its JSON value. */
const FILE_KEYS = {
  registries: textList,
  insecureRegistries: textList,
  registryMirrors: mirrorLists,
  caCertificates: textList,
  maxLayerSize: (json: unknown) => parseLayerBytes(text(json)),
  maxLayerEntries: (json: unknown) => entryCount(textOrNumber(json)),
  accelerator: (json: unknown) => accelerator(text(json)),
  qemu: text,
  kernel: text,
  cpus: (json: unknown) => wholeNumber(1, 64)(textOrNumber(json)),
  memory: (json: unknown) => parseMemoryMib(textOrNumber(json)),
  diskSize: (json: unknown) => parseDiskBytes(text(json)),
  network: (json: unknown) => oneOf(NETWORKS)(text(json)),
  volumeType: (json: unknown) => volumeType(text(json)),
  watch: (json: unknown) => onOrOff(text(json)),
  publishAddress: (json: unknown) => hostAddress(text(json)),
  logMaxSize: (json: unknown) => parseLogBytes(textOrNumber(json)),
  logMaxFile: (json: unknown) => wholeNumber(1, 1_000)(textOrNumber(json)),
  detachKeys: text,
  psFormat: text,
  imagesFormat: text,
} as const;

/** The variables of the environment that go before a key of the file. */
export const VARIABLES = {
  registries: 'BOXLITE_REGISTRY',
  insecureRegistries: 'BOXLITE_INSECURE_REGISTRY',
  caCertificates: 'BOXLITE_CA_CERT',
  maxLayerSize: 'BOXLITE_MAX_LAYER_SIZE',
  maxLayerEntries: 'BOXLITE_MAX_LAYER_ENTRIES',
  accelerator: 'BOXLITE_ACCEL',
  qemu: 'BOXLITE_QEMU',
  kernel: 'BOXLITE_KERNEL',
  volumeType: 'BOXLITE_VOLUME_TYPE',
  watch: 'BOXLITE_WATCH',
  publishAddress: 'BOXLITE_PUBLISH_ADDRESS',
} as const satisfies Partial<Record<keyof typeof FILE_KEYS, string>>;

export type ConfigKey = keyof typeof FILE_KEYS;

type ConfigFile = { [K in keyof typeof FILE_KEYS]?: ReturnType<(typeof FILE_KEYS)[K]> };

function parseConfig(home: string, given: string | undefined): ConfigFile {
  const path = given ?? configPath(home);
  const entries = Object.entries(readConfigFile(path, given !== undefined));
  return Object.fromEntries(
    entries.map(([key, json]) => [key, readKey(path, checkConfigKey(key, path), json)]),
  );
}

/**
 * Returns the file's values unchecked; nothing if the file is missing.
 * @param needed the file was asked for by name, so it must exist
 */
export function readConfigFile(path: string, needed = false): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!needed && errnoOf(error) === 'ENOENT') return {};
    if (!(error instanceof SyntaxError)) throw namedFileError(error, path);
    throw new BoxliteError('invalid-argument', `${path} is not valid JSON: ${error.message}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new BoxliteError('invalid-argument', `${path} must hold a JSON object`);
  return json as Record<string, unknown>;
}

/** @param where the file that has the key, which the message names first */
export function checkConfigKey(key: string, where?: string): ConfigKey {
  if (Object.hasOwn(FILE_KEYS, key)) return key as ConfigKey;
  const meant = closest(key, Object.keys(FILE_KEYS));
  const prefix = where === undefined ? '' : `${where}: `;
  throw new BoxliteError('invalid-argument', `${prefix}unknown key "${key}"`, {
    hint:
      meant === undefined
        ? `known keys: ${Object.keys(FILE_KEYS).join(', ')}`
        : `did you mean "${meant}"?`,
  });
}

/** @throws BoxliteError that names file and key when the key does not take the value */
export function readKey(path: string, key: ConfigKey, json: unknown): unknown {
  try {
    return FILE_KEYS[key](json);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `${path}: "${key}" ${error.message}`, {
      cause: error,
    });
  }
}

function fromVariable<T>(
  environment: Environment,
  key: keyof typeof VARIABLES,
  parse: (text: string) => T,
): T | undefined {
  const name = VARIABLES[key];
  const given = nonEmpty(environment[name]);
  try {
    return given === undefined ? undefined : parse(given);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `${name} ${error.message}`, { cause: error });
  }
}

function text(json: unknown): string {
  if (typeof json === 'string') return json;
  throw new BoxliteError('invalid-argument', 'must be a string');
}

function hostAddress(given: string): string {
  try {
    return parseHostAddress(given);
  } catch (error) {
    throw new BoxliteError('invalid-argument', 'must be an IP address', { cause: error });
  }
}

function textOrNumber(json: unknown): string {
  return typeof json === 'number' ? String(json) : text(json);
}

function textList(json: unknown): readonly string[] {
  if (Array.isArray(json) && json.every((item) => typeof item === 'string')) return json;
  throw new BoxliteError('invalid-argument', 'must be a list of strings');
}

/** Mirrors by registry; a plain list applies to Docker Hub, as in the configuration of Docker's daemon. */
function mirrorLists(json: unknown): Readonly<Record<string, readonly string[]>> {
  if (Array.isArray(json)) return { 'docker.io': textList(json) };
  if (typeof json !== 'object' || json === null)
    throw new BoxliteError('invalid-argument', 'must hold a list of mirrors for each registry');
  return Object.fromEntries(
    Object.entries(json).map(([registry, mirrors]) => [registry, textList(mirrors)]),
  );
}

/** A list of paths separated by colons, like PATH. */
function paths(given: string | undefined): string[] {
  return (given ?? '').split(':').filter((path) => path !== '');
}

function words(given: string | undefined): string[] {
  return (given ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function isDirectory(path: string | undefined): boolean {
  return path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function nonEmpty(given: string | undefined): string | undefined {
  return given === '' ? undefined : given;
}
