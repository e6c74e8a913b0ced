/** Flags over environment over file over defaults. */
import { readFileSync } from 'node:fs';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import { configPath, defaultHome } from '../engine/home-paths.js';
import type { AcceleratorChoice, BoxliteOptions } from '../engine/options.js';
import { closest } from './closest.js';
import { flag, list, value, type OptionValues } from './command.js';
import type { Environment } from './flags/key-values.js';
import { oneOf, wholeNumber } from './flags/number.js';
import { parseDiskBytes, parseMemoryMib } from './flags/size.js';

export const GLOBAL_OPTIONS = {
  home: value('Directory that everything is kept in (default ~/.boxlite)', 'PATH', {
    complete: 'file',
  }),
  config: value('Configuration file (default config.json in the home)', 'FILE', {
    complete: 'file',
  }),
  registry: list('Registry to search first for short image names', 'HOST[:PORT]'),
  'insecure-registry': list('Registry to speak plain HTTP with', 'HOST[:PORT]'),
  accel: value('How to run the VM: auto, kvm or tcg', 'KIND', {
    parse: oneOf<AcceleratorChoice>(['auto', 'kvm', 'tcg']),
    complete: ['auto', 'kvm', 'tcg'],
  }),
  'no-color': flag('No colours and no animation'),
  debug: flag('Show where an error came from'),
} as const;

export type GlobalValues = OptionValues<typeof GLOBAL_OPTIONS>;

export interface Settings {
  readonly home: string;
  readonly registries: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly accelerator: AcceleratorChoice | undefined;
  readonly qemu: string | undefined;
  /** Kernel that `setup` takes instead of the distribution's. */
  readonly kernel: string | undefined;
  readonly color: boolean;
  readonly debug: boolean;
  /** What a new box gets where its flags say nothing. */
  readonly cpus: number | undefined;
  readonly memoryMib: number | undefined;
  readonly diskBytes: number | undefined;
  readonly network: 'default' | 'none' | undefined;
  readonly detachKeys: string;
  readonly psFormat: string | undefined;
  readonly imagesFormat: string | undefined;
}

/** @throws BoxliteError `invalid-argument`, naming the file and the key, or the variable */
export function readSettings(flags: GlobalValues, environment: Environment): Settings {
  const home = flags.home ?? nonEmpty(environment.BOXLITE_HOME) ?? defaultHome();
  const file = readConfigFile(home, flags.config ?? nonEmpty(environment.BOXLITE_CONFIG));
  const variable = (name: string): string | undefined => nonEmpty(environment[name]);
  return {
    home,
    registries: [
      ...flags.registry,
      ...words(variable('BOXLITE_REGISTRY')),
      ...(file.registries ?? []),
    ],
    insecureRegistries: [
      ...flags['insecure-registry'],
      ...words(variable('BOXLITE_INSECURE_REGISTRY')),
      ...(file.insecureRegistries ?? []),
    ],
    accelerator: flags.accel ?? fromVariable(environment, 'BOXLITE_ACCEL') ?? file.accelerator,
    qemu: variable('BOXLITE_QEMU') ?? file.qemu,
    kernel: variable('BOXLITE_KERNEL') ?? file.kernel,
    color: !flags['no-color'] && variable('NO_COLOR') === undefined,
    debug: flags.debug || variable('BOXLITE_DEBUG') !== undefined,
    cpus: file.cpus,
    memoryMib: file.memory,
    diskBytes: file.diskSize,
    network: file.network,
    detachKeys: file.detachKeys ?? 'ctrl-p,ctrl-q',
    psFormat: file.psFormat,
    imagesFormat: file.imagesFormat,
  };
}

/** What opens the engine as the settings want it. */
export function runtimeOptions(
  settings: Settings,
  onNotice: (message: string) => void,
): BoxliteOptions {
  return {
    homeDir: settings.home,
    imageRegistries: [...settings.registries],
    insecureRegistries: [...settings.insecureRegistries],
    ...(settings.accelerator !== undefined && { accelerator: settings.accelerator }),
    ...(settings.qemu !== undefined && { qemu: settings.qemu }),
    onNotice,
  };
}

const accelerator = oneOf<AcceleratorChoice>(['auto', 'kvm', 'tcg']);

/** Every key of the file, and how its JSON value is read. */
const FILE_KEYS = {
  registries: textList,
  insecureRegistries: textList,
  accelerator: (json: unknown) => accelerator(text(json)),
  qemu: text,
  kernel: text,
  cpus: (json: unknown) => wholeNumber(1, 64)(textOrNumber(json)),
  memory: (json: unknown) => parseMemoryMib(textOrNumber(json)),
  diskSize: (json: unknown) => parseDiskBytes(text(json)),
  network: (json: unknown) => oneOf(['default', 'none'])(text(json)),
  detachKeys: text,
  psFormat: text,
  imagesFormat: text,
} as const;

type ConfigFile = { [K in keyof typeof FILE_KEYS]?: ReturnType<(typeof FILE_KEYS)[K]> };

function readConfigFile(home: string, given: string | undefined): ConfigFile {
  const path = given ?? configPath(home);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (given === undefined && errnoOf(error) === 'ENOENT') return {};
    if (!(error instanceof SyntaxError)) throw fileError(error, `read ${path}`);
    throw new BoxliteError('invalid-argument', `${path} is not valid JSON: ${error.message}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new BoxliteError('invalid-argument', `${path} must hold a JSON object`);

  const entries = Object.entries(json as Record<string, unknown>);
  return Object.fromEntries(entries.map(([key, each]) => [key, readKey(path, key, each)]));
}

function readKey(path: string, key: string, json: unknown): unknown {
  if (!Object.hasOwn(FILE_KEYS, key)) {
    const meant = closest(key, Object.keys(FILE_KEYS));
    throw new BoxliteError('invalid-argument', `${path}: unknown key "${key}"`, {
      hint:
        meant === undefined
          ? `known keys: ${Object.keys(FILE_KEYS).join(', ')}`
          : `did you mean "${meant}"?`,
    });
  }
  try {
    return FILE_KEYS[key as keyof typeof FILE_KEYS](json);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `${path}: "${key}" ${error.message}`, {
      cause: error,
    });
  }
}

function fromVariable(environment: Environment, name: string): AcceleratorChoice | undefined {
  const given = nonEmpty(environment[name]);
  try {
    return given === undefined ? undefined : accelerator(given);
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    throw new BoxliteError('invalid-argument', `${name} ${error.message}`, { cause: error });
  }
}

function text(json: unknown): string {
  if (typeof json === 'string') return json;
  throw new BoxliteError('invalid-argument', 'must be a string');
}

function textOrNumber(json: unknown): string {
  return typeof json === 'number' ? String(json) : text(json);
}

function textList(json: unknown): readonly string[] {
  if (Array.isArray(json) && json.every((item) => typeof item === 'string')) return json;
  throw new BoxliteError('invalid-argument', 'must be a list of strings');
}

function words(given: string | undefined): string[] {
  return (given ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function nonEmpty(given: string | undefined): string | undefined {
  return given === '' ? undefined : given;
}
