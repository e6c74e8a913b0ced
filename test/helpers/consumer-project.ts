import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type CliOptions, type CliResult, run } from './cli.js';

const execute = promisify(execFile);

/** Packages that are not in the bundle, or only types. */
const LINKED = ['better-sqlite3', '@types/node', 'undici-types'];

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    outDir: 'out',
  },
  include: ['*.ts'],
};

/** A project that has the packed package in its node_modules, and none of our other files. */
export class ConsumerProject implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  /** @param sources files of test/library that become the program's sources */
  static async create(sources: readonly string[]): Promise<ConsumerProject> {
    const directory = await mkdtemp(join(tmpdir(), 'boxlite-consumer-'));
    const modules = join(directory, 'node_modules');
    await mkdir(join(modules, 'boxlite'), { recursive: true });
    await mkdir(join(modules, '@types'));
    // Without scripts, since prepack rebuilds everything: the tests use the existing build.
    const { stdout } = await execute('npm', [
      ...['pack', '--ignore-scripts', '--json'],
      ...['--pack-destination', directory],
    ]);
    const [packed] = JSON.parse(stdout) as [{ filename: string }];
    await execute('tar', [
      ...['-xzf', join(directory, packed.filename)],
      ...['-C', join(modules, 'boxlite'), '--strip-components=1'],
    ]);
    for (const name of LINKED) await symlink(resolve('node_modules', name), join(modules, name));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    for (const source of sources) await cp(join('test/library', source), join(directory, source));
    return new ConsumerProject(directory);
  }

  /** Type-checks the program and emits its JavaScript. */
  compile(): Promise<CliResult> {
    return run(process.execPath, [
      resolve('node_modules/typescript/bin/tsc'),
      '-p',
      this.directory,
    ]);
  }

  /** Runs one of the program's modules. */
  run(module: string, options: CliOptions): Promise<CliResult> {
    return run(process.execPath, [join(this.directory, 'out', module)], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
