import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BoxliteHome } from './boxlite-home.js';
import { type Case, type CaseName, IDLE_BOX } from './cases.js';
import type { Podman } from './podman.js';
import type { ProgramRun } from './time-program.js';

export const FILE_BYTES = 100_000_000;
export const TREE_FILES = 2_000;
const TREE_FOLDERS = 20;
const SMALL_BYTES = 1_000;

/** What is copied, on the host and, put there once, in the box and in the container. */
export class Copies {
  private constructor(
    private readonly directory: string,
    private readonly boxlite: BoxliteHome,
    private readonly podman: Podman | undefined,
  ) {}

  static async prepare(
    directory: string,
    boxlite: BoxliteHome,
    podman: Podman | undefined,
  ): Promise<Copies> {
    await mkdir(directory);
    // Random, so that neither side gains by holes or zeroes.
    await writeFile(join(directory, 'file'), randomBytes(FILE_BYTES));
    for (let folder = 0; folder < TREE_FOLDERS; folder++) {
      const path = join(directory, 'tree', String(folder));
      await mkdir(path, { recursive: true });
      for (let i = 0; i < TREE_FILES / TREE_FOLDERS; i++)
        await writeFile(join(path, String(i)), randomBytes(SMALL_BYTES));
    }
    for (const what of ['file', 'tree']) {
      const source = join(directory, what);
      await boxlite.run(['cp', source, `${IDLE_BOX}:/seed-${what}`]);
      await podman?.copy(source, `${IDLE_BOX}:/seed-${what}`);
    }
    return new Copies(directory, boxlite, podman);
  }

  /** Each copy goes to where nothing is: what it left is taken away when it has been timed. */
  cases(runs: number): Case[] {
    const { boxlite, podman } = this;
    const ours = this.#casesOf(
      ['cpFileIn', 'cpTreeIn', 'cpFileOut', 'cpTreeOut'],
      runs,
      (from, to) => boxlite.run(['cp', from, to]),
      (path) => boxlite.run(['exec', IDLE_BOX, 'rm', '-rf', path]),
    );
    if (podman === undefined) return ours;
    const theirs = this.#casesOf(
      ['podmanFileIn', 'podmanTreeIn', 'podmanFileOut', 'podmanTreeOut'],
      runs,
      (from, to) => podman.copy(from, to),
      (path) => podman.exec(['rm', '-rf', path]),
    );
    return [...ours, ...theirs];
  }

  #casesOf(
    names: readonly CaseName[],
    runs: number,
    copy: (from: string, to: string) => Promise<ProgramRun>,
    removeInside: (path: string) => Promise<ProgramRun>,
  ): Case[] {
    return names.map((name) => {
      const what = name.includes('File') ? 'file' : 'tree';
      const copied = join(this.directory, 'copied');
      return name.endsWith('In')
        ? {
            name,
            runs,
            run: () => copy(join(this.directory, what), `${IDLE_BOX}:/copied`),
            after: async () => {
              await removeInside('/copied');
            },
          }
        : {
            name,
            runs,
            run: () => copy(`${IDLE_BOX}:/seed-${what}`, copied),
            after: () => rm(copied, { recursive: true }),
          };
    });
  }
}
