/** Finds out whether a setting comes from a flag, the environment, the file or the defaults. */
import type { Environment } from '../flags/key-values.js';
import { CONFIG_KEYS, variableOf } from './keys.js';
import type { ConfigKey, Settings } from './settings.js';

/** `flag --accel`, `environment BOXLITE_ACCEL`, `file`, `default`; a list may have several. */
export function originOf(key: ConfigKey, settings: Settings, environment: Environment): string {
  const { flag, type } = CONFIG_KEYS[key];
  const variable = variableOf(key);
  const { flags, fileKeys } = settings.sources;
  const origins: string[] = [];
  const byFlag = flag === undefined ? undefined : flags[flag];
  if (Array.isArray(byFlag) ? byFlag.length > 0 : byFlag !== undefined)
    origins.push(`flag --${String(flag)}`);
  if (variable !== undefined && (environment[variable] ?? '') !== '')
    origins.push(`environment ${variable}`);
  if (fileKeys.has(key)) origins.push('file');
  if (origins.length === 0) return 'default';
  return type === 'list' ? origins.join(', ') : (origins[0] ?? 'default');
}

/** The value in effect, in words; undefined if there is none. */
export function shownValue(key: ConfigKey, settings: Settings): string | undefined {
  const { effective, initial } = CONFIG_KEYS[key];
  const value = effective(settings);
  if (Array.isArray(value)) return value.length === 0 ? initial : value.join(', ');
  if (typeof value === 'object' && value !== null) {
    const mirrors = Object.entries(value as Record<string, readonly string[]>).flatMap(
      ([registry, each]) => each.map((mirror) => `${registry}=${mirror}`),
    );
    return mirrors.length === 0 ? initial : mirrors.join(', ');
  }
  if (typeof value === 'number') return value.toString();
  return typeof value === 'string' ? value : initial;
}
