import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../../errors.js';
import type { Home } from '../../host/home.js';
import type { MachineSpec } from '../driver.js';

/** Names in a template's directory. */
export const FILES = { ram: 'ram', state: 'state', about: 'template.json', disk: 'disk' } as const;

/** A process that has just found a template may not have opened its files yet. */
const STARTING_MS = 60_000;
const OUTDATED_MS = 3_600_000;

export interface Template {
  key: string;
  ram: string;
  state: string;
  /**
   * For an image's template: the writable disk that the machine has mounted; a box's disk is a copy of it.
   */
  disk?: string;
}

export interface TemplateAbout extends MachineSpec {
  key: string;
  /** Digest of the manifest whose image the machine has mounted; absent in a machine's own template. */
  image?: string;
  /** For an image's template: key of the machine's template that it continues. */
  machineKey?: string;
  kernelVersion: string;
  /** The kernel's origin; missing in older templates. */
  kernelOrigin?: string;
  vmm: string;
  createdAt: string;
}

/**
 * A template fits only an identical machine: kernel and its command line, initramfs, VMM build, CPU model,
 * accelerator, devices. All of these are in QEMU's command line (whose descriptor numbers are constant) and
 * in the digests of what it names.
 * @param identity.processor properties of the host's processor that the machine depends on
 */
export function templateKey(identity: {
  argv: readonly string[];
  assetsDigest: string;
  vmmBuild: string;
  processor: string;
  generation: number;
}): string {
  return digest(identity);
}

/**
 * An image's template continues a machine's: the same machine, with this image and a new disk of this size
 * mounted.
 * @param identity.image of the first file of the image's disk; a rebuilt disk differs
 */
export function imageTemplateKey(identity: {
  machineKey: string;
  image: string;
  diskBytes: number;
  network: object;
}): string {
  return digest(identity);
}

/** The finished template with this key, or undefined; marks it as used now. */
export async function findTemplate(home: Home, key: string): Promise<Template | undefined> {
  const template = templateAt(home, key);
  return (await areThere(home, key, [template.ram, template.state])) ? template : undefined;
}

/** The same for an image's template. */
export async function findImageTemplate(home: Home, key: string): Promise<Template | undefined> {
  const template = imageTemplateAt(home, key);
  const files = [template.ram, template.state, template.disk];
  return (await areThere(home, key, files)) ? template : undefined;
}

async function areThere(home: Home, key: string, files: readonly string[]): Promise<boolean> {
  try {
    const now = new Date();
    await Promise.all([
      utimes(join(home.templates(), key, FILES.about), now, now),
      ...files.map((path) => stat(path)),
    ]);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw fileError(error, `read the template ${key}`);
  }
}

/** Removes a template from which no box starts; the next start makes another. */
export async function dropTemplate(home: Home, key: string): Promise<void> {
  await rm(join(home.templates(), key), { recursive: true, force: true });
}

export interface TemplateListing extends TemplateAbout {
  /** When a start last used it; milliseconds since the epoch. */
  usedAt: number;
  /** Bytes on disk; the RAM file is sparse. */
  bytes: number;
}

export async function listTemplates(home: Home): Promise<TemplateListing[]> {
  const listings: TemplateListing[] = [];
  for (const key of await namesIn(home.templates())) {
    if (key.startsWith('.')) continue;
    const listing = await readListing(join(home.templates(), key));
    if (listing) listings.push(listing);
  }
  return listings;
}

/**
 * Keeps the `most` recently used image templates, and those in use now.
 * @param most number to keep; each takes some 120 MB of disk
 */
export async function removeUnusedImageTemplates(home: Home, most: number): Promise<void> {
  const ofImages = (await listTemplates(home)).filter(({ image }) => image !== undefined);
  ofImages.sort((a, b) => b.usedAt - a.usedAt);
  for (const { key, usedAt } of ofImages.slice(most))
    if (Date.now() - usedAt > STARTING_MS) await dropTemplate(home, key);
}

/**
 * Removes templates outdated by an update of QEMU, the kernel or BoxLite: those that no start needs any more
 * and that none has used for an hour, because another BoxLite may use the same home.
 * @param currentKeys of the templates that starts on this machine need now, one per kernel
 */
export async function removeOutdatedTemplates(
  home: Home,
  currentKeys: (machine: MachineSpec) => Promise<readonly string[]>,
): Promise<void> {
  for (const { usedAt, key, machineKey = key, ...machine } of await listTemplates(home)) {
    if (Date.now() - usedAt < OUTDATED_MS) continue;
    if (!(await currentKeys(machine)).includes(machineKey)) await dropTemplate(home, key);
  }
}

/** Drafts whose makers died. Called under the template's lock, when no process makes this key. */
export async function removeStaleDrafts(home: Home, key: string): Promise<void> {
  for (const name of await namesIn(home.templates()))
    if (name.startsWith(`.${key}-`))
      await rm(join(home.templates(), name), { recursive: true, force: true });
}

function digest(identity: object): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

export function imageTemplateAt(home: Home, key: string): Required<Template> {
  return { ...templateAt(home, key), disk: join(home.templates(), key, FILES.disk) };
}

export function templateAt(home: Home, key: string): Template {
  const directory = join(home.templates(), key);
  return { key, ram: join(directory, FILES.ram), state: join(directory, FILES.state) };
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}

/** Undefined for a template that is being removed, or that another version wrote. */
async function readListing(directory: string): Promise<TemplateListing | undefined> {
  try {
    const about: unknown = JSON.parse(await readFile(join(directory, FILES.about), 'utf8'));
    if (!isAbout(about)) return undefined;
    const [ram, state, aboutFile] = await Promise.all([
      stat(join(directory, FILES.ram)),
      stat(join(directory, FILES.state)),
      stat(join(directory, FILES.about)),
    ]);
    return { ...about, bytes: 512 * (ram.blocks + state.blocks), usedAt: aboutFile.mtimeMs };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw fileError(error, `read ${directory}`);
  }
}

function isAbout(value: unknown): value is TemplateAbout {
  if (typeof value !== 'object' || value === null) return false;
  const { key, image, machineKey, kernelVersion, kernelOrigin, vmm, createdAt } = value as Record<
    string,
    unknown
  >;
  const { cpus, memoryMib, accelerator } = value as Record<string, unknown>;
  return (
    [key, kernelVersion, vmm, createdAt].every((text) => typeof text === 'string') &&
    [cpus, memoryMib].every((number) => typeof number === 'number') &&
    [image, machineKey, kernelOrigin].every(
      (text) => text === undefined || typeof text === 'string',
    ) &&
    (accelerator === 'kvm' || accelerator === 'tcg')
  );
}
