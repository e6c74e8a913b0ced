/** Changes to the configuration file. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { withConfigClaim } from '../../engine/setup/config-claim.js';
import { BoxliteError, fileError } from '../../errors.js';
import { makeDirectories } from '../../host/host-path.js';
import { splitPair } from '../flags/key-values.js';
import { usageError } from '../parse/usage-error.js';
import type { CommandContext } from '../process/context.js';
import { writeFileWhole } from '../process/write-file-whole.js';
import { CONFIG_KEYS } from './keys.js';
import { type ConfigKey, readConfigFile, readKey } from './settings.js';

/** @param words a list takes several, and mirrors REGISTRY=URL; any other key takes one */
export async function setConfigKey(
  context: CommandContext,
  key: ConfigKey,
  words: readonly string[],
): Promise<void> {
  const json = jsonOf(key, words);
  readKey(context.settings.sources.path, key, json);
  await change(context, (before) => ({ ...before, [key]: json }));
}

export async function unsetConfigKeys(
  context: CommandContext,
  keys: readonly ConfigKey[],
): Promise<void> {
  await change(context, (before) =>
    Object.fromEntries(Object.entries(before).filter(([key]) => !keys.includes(key as ConfigKey))),
  );
}

function jsonOf(key: ConfigKey, words: readonly string[]): unknown {
  const { type } = CONFIG_KEYS[key];
  if (type === 'list') return words;
  if (type === 'mirrors') return mirrorsOf(words);
  const [word = ''] = words;
  if (words.length !== 1) throw usageError(`"${key}" takes one value`, 'config set');
  return type === 'number' && /^\d+$/.test(word) ? Number(word) : word;
}

function mirrorsOf(words: readonly string[]): Record<string, string[]> {
  const mirrors: Record<string, string[]> = {};
  for (const word of words) {
    const [registry, url] = splitPair(word);
    if (registry === '' || url === '')
      throw new BoxliteError('invalid-argument', `"${word}" is no mirror`, {
        hint: 'write REGISTRY=URL, such as docker.io=https://mirror.lan',
      });
    mirrors[registry] = [...(mirrors[registry] ?? []), url];
  }
  return mirrors;
}

/** Holds a lock from reading to writing, so that nobody else changes the file in between. */
async function change(
  context: CommandContext,
  edit: (before: Readonly<Record<string, unknown>>) => object,
): Promise<void> {
  const path = behindLinks(context.settings.sources.path);
  try {
    makeDirectories(dirname(path), 0o700);
  } catch (error) {
    throw fileError(error, `create ${dirname(path)}`);
  }
  await withConfigClaim(path, async () => {
    const text = `${JSON.stringify(edit(readConfigFile(path)), null, 2)}\n`;
    await writeFileWhole(context, path, oneChunk(text));
  });
}

/** A user who keeps the file elsewhere and links to it wants to keep the link. */
function behindLinks(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
