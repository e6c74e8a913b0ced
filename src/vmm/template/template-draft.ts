import { chmod, mkdtemp, open, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../errors.js';
import { BOX_FILES, type Home } from '../../host/home.js';
import { makeDirectories } from '../../host/host-path.js';
import { makePrivateDirectory } from '../../host/private-files.js';
import type { MachineFiles, MachineSpec } from '../driver.js';
import {
  FILES,
  imageTemplateAt,
  type Template,
  type TemplateAbout,
  templateAt,
} from './template.js';

/** Files that the shim writes to its directory; a template does not need them. */
const SHIM_FILES = [BOX_FILES.bootError, BOX_FILES.console];

/** A directory for a template in progress; a commit makes it the template, `discard` removes it. */
export class TemplateDraft {
  readonly ram: string;
  readonly state: string;
  readonly disk: string;

  private constructor(
    readonly directory: string,
    private readonly home: Home,
    private readonly key: string,
  ) {
    this.ram = join(directory, FILES.ram);
    this.state = join(directory, FILES.state);
    this.disk = join(directory, FILES.disk);
  }

  static async begin(home: Home, key: string): Promise<TemplateDraft> {
    try {
      makePrivateDirectory(home.templates());
      const directory = await mkdtemp(join(home.templates(), `.${key}-`));
      // The VMM, which may be another user, reaches the state's socket in here through a descriptor; by path,
      // the parent directory stops other users.
      await chmod(directory, 0o711);
      return new TemplateDraft(directory, home, key);
    } catch (error) {
      throw fileError(error, `make a template in ${home.templates()}`);
    }
  }

  /**
   * Empty files for a machine that boots.
   * @param diskBytes the virtual size of every disk of every box
   */
  async blankFiles(machine: MachineSpec, diskBytes: number): Promise<MachineFiles> {
    const { home, directory, ram, disk } = this;
    const files = { ram, disk, image: home.padding(), share: home.emptyShare() };
    try {
      makeDirectories(files.share, 0o555);
      makePrivateDirectory(home.images());
      await Promise.all([
        // As large as every box's disk, and as empty as possible.
        sparseFile(disk, diskBytes),
        sparseFile(home.padding(), diskBytes),
        sparseFile(ram, machine.memoryMib * 1_048_576),
      ]);
      return { ...files, extents: [], stateDirectory: directory };
    } catch (error) {
      throw fileError(error, `make a template in ${home.templates()}`);
    }
  }

  async commit(about: TemplateAbout): Promise<Template> {
    await this.#publish(about, [FILES.ram], [...SHIM_FILES, FILES.disk]);
    return templateAt(this.home, this.key);
  }

  /** For an image's template, which includes the disk. */
  async commitWithDisk(about: TemplateAbout): Promise<Template> {
    await this.#publish(about, [FILES.ram, FILES.disk], SHIM_FILES);
    return imageTemplateAt(this.home, this.key);
  }

  /** @param written files that a VMM has written and that still need an fsync */
  async #publish(
    about: TemplateAbout,
    written: readonly string[],
    unwanted: readonly string[],
  ): Promise<void> {
    const target = join(this.home.templates(), this.key);
    try {
      await Promise.all(unwanted.map((name) => rm(join(this.directory, name), { force: true })));
      // After a power failure no name may point to data that were never written.
      await writeFile(join(this.directory, FILES.about), JSON.stringify(about), { flush: true });
      await Promise.all(written.map((name) => writeBack(join(this.directory, name))));
      await rm(target, { recursive: true, force: true });
      await rename(this.directory, target);
    } catch (error) {
      throw fileError(error, `write ${target}`);
    }
  }

  async discard(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function writeBack(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.datasync();
}

async function sparseFile(path: string, bytes: number): Promise<void> {
  await writeFile(path, '', { flag: 'a' });
  if ((await stat(path)).size !== bytes) await truncate(path, bytes);
}
