import { parseGoDuration } from '../../go-duration.js';
import type { Instruction } from './instruction.js';
import { jsonArray } from './json-array.js';

/** Docker's keys; times in nanoseconds, 0 or absent for the default. */
export interface HealthConfig {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

const TIMES: Readonly<Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'>> = {
  '--interval': 'Interval',
  '--timeout': 'Timeout',
  '--start-period': 'StartPeriod',
  '--start-interval': 'StartInterval',
};

const NS_PER_MS = 1_000_000;
const MOST_RETRIES = 2 ** 31 - 1;

/**
 * Reads `HEALTHCHECK [--interval=…] CMD command` or `HEALTHCHECK NONE`. The shell that runs the
 * command expands its variables.
 * @throws Error that states the rule
 */
export function healthcheckOf({ flags, argument }: Instruction): HealthConfig {
  const [, kind = '', command = ''] = /^(\S+)\s*([\s\S]*)$/.exec(argument) ?? [];
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '' || flags.length > 0) throw new Error('NONE stands alone');
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD')
    throw new Error(`${JSON.stringify(kind)} is neither CMD nor NONE`);
  const words = jsonArray(command);
  if (command === '' || words?.length === 0) throw new Error('CMD needs a command');
  const check: HealthConfig = { Test: words ? ['CMD', ...words] : ['CMD-SHELL', command] };
  for (const flag of flags) applyFlag(check, flag);
  return check;
}

function applyFlag(check: HealthConfig, flag: string): void {
  const equals = flag.indexOf('=');
  const name = equals === -1 ? flag : flag.slice(0, equals);
  const value = equals === -1 ? undefined : flag.slice(equals + 1);
  const time = Object.hasOwn(TIMES, name) ? TIMES[name] : undefined;
  if (time === undefined && name !== '--retries') throw new Error(`it has no flag ${name}`);
  if (value === undefined) throw new Error(`write the flag as ${name}=VALUE`);
  if (time !== undefined) check[time] = nanoseconds(name, value);
  else check.Retries = retries(value);
}

/** Docker's minimum is a millisecond; 0 means the default. */
function nanoseconds(name: string, value: string): number {
  const ms = value === '' ? 0 : parseGoDuration(value);
  if (ms === undefined) throw new Error(`${name}=${value} is no duration such as 30s or 1m30s`);
  if (ms !== 0 && ms < 1) throw new Error(`${name} can't be less than 1ms`);
  const ns = Math.round(ms * NS_PER_MS);
  if (!Number.isSafeInteger(ns)) throw new Error(`${name}=${value} is too long`);
  return ns;
}

function retries(value: string): number {
  if (/^[0-9]+$/.test(value) && Number(value) <= MOST_RETRIES) return Number(value);
  if (value === '') return 0;
  throw new Error(`--retries=${value} is not a whole number from 0 on`);
}
