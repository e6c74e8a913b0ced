import { createHash } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, fileError } from '../errors.js';
import type { Home } from '../home.js';
import type { MachineFiles, MachineSpec } from './driver.js';

const FILES = { ram: 'ram', state: 'state', about: 'template.json', disk: 'disk' };

export interface Template {
  key: string;
  ram: string;
  state: string;
}

export interface TemplateAbout extends MachineSpec {
  key: string;
  kernelVersion: string;
  vmm: string;
  createdAt: string;
}

/**
 * A template fits only the very same machine: kernel, initramfs, VMM build, CPU model, accelerator,
 * devices. All of these are in the command line (whose descriptor numbers are constant) and in the
 * digests of what it names.
 */
export function templateKey(identity: {
  argv: readonly string[];
  assetsDigest: string;
  vmmBuild: string;
  generation: number;
}): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
}

/** The finished template of this key, or undefined. */
export async function findTemplate(home: Home, key: string): Promise<Template | undefined> {
  const template = templateAt(home, key);
  try {
    await Promise.all([stat(template.ram), stat(template.state)]);
    return template;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fileError(error, `read the template ${key}`);
  }
}

/** A directory in which a template grows; `commit` makes it the template, `discard` removes it. */
export class TemplateDraft {
  private constructor(
    readonly directory: string,
    readonly files: MachineFiles,
    readonly state: string,
    private readonly home: Home,
    private readonly key: string,
  ) {}

  /** @param diskBytes the virtual size of every disk of every box */
  static async begin(
    home: Home,
    key: string,
    machine: MachineSpec,
    diskBytes: number,
  ): Promise<TemplateDraft> {
    try {
      await mkdir(home.templates(), { recursive: true, mode: 0o700 });
      const directory = await mkdtemp(join(home.templates(), `.${key}-`));
      // The VMM reaches its state's socket in here by a descriptor, and may be another user; by path
      // nobody else gets past the directory above.
      await chmod(directory, 0o711);
      const ram = join(directory, FILES.ram);
      const files: MachineFiles = {
        ram,
        image: home.padding(),
        extents: [],
        disk: join(directory, FILES.disk),
        share: home.emptyShare(),
        stateDirectory: directory,
      };
      await mkdir(files.share, { recursive: true, mode: 0o555 });
      await mkdir(home.images(), { recursive: true, mode: 0o700 });
      await Promise.all([
        // As large as every box's, and as empty as can be.
        sparseFile(files.disk, diskBytes),
        sparseFile(home.padding(), diskBytes),
        sparseFile(ram, machine.memoryMib * 1_048_576),
      ]);
      return new TemplateDraft(directory, files, join(directory, FILES.state), home, key);
    } catch (error) {
      throw fileError(error, `make a template in ${home.templates()}`);
    }
  }

  async commit(about: TemplateAbout): Promise<Template> {
    const target = join(this.home.templates(), this.key);
    try {
      await writeFile(join(this.directory, FILES.about), JSON.stringify(about));
      await rm(this.files.disk);
      await rm(target, { recursive: true, force: true });
      await rename(this.directory, target);
    } catch (error) {
      throw fileError(error, `write ${target}`);
    }
    return templateAt(this.home, this.key);
  }

  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Removes a template that the VMM refused, so that the next start makes it anew. */
export async function dropTemplate(home: Home, key: string): Promise<void> {
  await rm(join(home.templates(), key), { recursive: true, force: true });
}

export interface TemplateListing extends TemplateAbout {
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

/** Drafts whose makers died. Called under the template's lock, when nobody makes this key. */
export async function removeStaleDrafts(home: Home, key: string): Promise<void> {
  for (const name of await namesIn(home.templates()))
    if (name.startsWith(`.${key}-`))
      await rm(join(home.templates(), name), { recursive: true, force: true });
}

function templateAt(home: Home, key: string): Template {
  const directory = join(home.templates(), key);
  return { key, ram: join(directory, FILES.ram), state: join(directory, FILES.state) };
}

async function sparseFile(path: string, bytes: number): Promise<void> {
  await writeFile(path, '', { flag: 'a' });
  if ((await stat(path)).size !== bytes) await truncate(path, bytes);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw fileError(error, `read ${directory}`);
  }
}

/** Undefined for a template that is being removed, or that another version has written. */
async function readListing(directory: string): Promise<TemplateListing | undefined> {
  try {
    const about: unknown = JSON.parse(await readFile(join(directory, FILES.about), 'utf8'));
    if (!isAbout(about)) return undefined;
    const [ram, state] = await Promise.all(
      [FILES.ram, FILES.state].map((name) => stat(join(directory, name))),
    );
    return { ...about, bytes: 512 * ((ram?.blocks ?? 0) + (state?.blocks ?? 0)) };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw fileError(error, `read ${directory}`);
  }
}

function isAbout(value: unknown): value is TemplateAbout {
  if (typeof value !== 'object' || value === null) return false;
  const { key, kernelVersion, vmm, createdAt, cpus, memoryMib, accelerator } = value as Record<
    string,
    unknown
  >;
  return (
    [key, kernelVersion, vmm, createdAt].every((text) => typeof text === 'string') &&
    [cpus, memoryMib].every((number) => typeof number === 'number') &&
    (accelerator === 'kvm' || accelerator === 'tcg')
  );
}
