import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoxliteError, errnoOf, fileError } from '../errors.js';
import { BOX_FILES } from '../home.js';

/** An end without a record of it is told as if the box had been killed. */
export const KILLED_CODE = 137;

/**
 * What a shim leaves in its box's directory, each by write-then-rename; read back as what may come
 * from an older shim or a damaged disk.
 */

export interface StartedFact {
  atMs: number;
  shimPid: number;
  vmmPid: number;
}

export interface ExitFact {
  atMs: number;
  code: number;
  signal: number;
  oom: boolean;
  timedOut: boolean;
  /** exited, vmm-died, killed; unreadable when the record is there and can't be understood. */
  reason: string;
}

export async function startedFact(directory: string): Promise<StartedFact | undefined> {
  const fact = await readFact(directory, 'started');
  if (fact === undefined) return undefined;
  return {
    atMs: time(fact.at),
    shimPid: number(fact.shimPid),
    vmmPid: number(fact.vmmPid),
  };
}

export async function exitFact(directory: string): Promise<ExitFact | undefined> {
  const fact = await readFact(directory, 'exit');
  if (fact === undefined) return undefined;
  // A damaged record must not read as success.
  const readable = Number.isSafeInteger(fact.code);
  return {
    atMs: time(fact.at),
    code: readable ? number(fact.code) : KILLED_CODE,
    signal: number(fact.signal),
    oom: fact.oom === true,
    timedOut: fact.timedOut === true,
    reason: readable ? text(fact.reason) : 'unreadable',
  };
}

/** Why a box did not come up: its stage, and the last lines that the console and the VMM said. */
export async function bootError(directory: string, box: string): Promise<BoxliteError | undefined> {
  const fact = await readFact(directory, 'bootError');
  if (fact === undefined) return undefined;
  const stage = printable(text(fact.stage)) || 'unknown';
  const said = [text(fact.vmm), text(fact.console)]
    .flatMap((lines) => lines.trimEnd().split('\n').slice(-8))
    .map(printable)
    .filter((line) => line !== '');
  const reason = printable(text(fact.message)) || 'no reason is known';
  return new BoxliteError(
    'boot-failed',
    [
      `box ${box} did not start (stage ${stage}): ${reason}`,
      ...said.map((line) => `  | ${line}`),
    ].join('\n'),
    { stage },
  );
}

async function readFact(
  directory: string,
  name: 'started' | 'exit' | 'bootError',
): Promise<Record<string, unknown> | undefined> {
  const path = join(directory, BOX_FILES[name]);
  try {
    const fact: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof fact === 'object' && fact !== null ? (fact as Record<string, unknown>) : {};
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    if (error instanceof SyntaxError) return {};
    throw fileError(error, `read ${path}`);
  }
}

const number = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const time = (value: unknown): number => {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? 0 : ms;
};

/** The guest and the VMM write these lines; a terminal must not obey them, nor turn them around. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 400);
}
