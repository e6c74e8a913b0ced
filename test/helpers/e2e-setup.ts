import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BOXLITE, run } from './cli.js';
import { killProcess, processesOf } from './processes.js';

const SETUP_TIMEOUT_MS = 600_000;

/**
 * Creates the home that every e2e test starts from: guest kernel, built-in image, its template. With
 * BOXLITE_E2E_HOME set, that home is prepared instead and kept, which saves the set-up when one test file is
 * run repeatedly.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const given = process.env.BOXLITE_E2E_HOME;
  const root = given === undefined ? await mkdtemp(join(tmpdir(), 'boxlite-e2e-')) : undefined;
  // An unprivileged VMM must be able to traverse the directory.
  if (root !== undefined) await chmod(root, 0o755);
  const home = given ?? join(root ?? '', 'shared');
  process.env.BOXLITE_E2E_HOME = home;
  // The first box creates its image's template.
  for (const args of [['setup'], ['run', '--rm', 'busybox', 'true']]) {
    const { status, stdout, stderr } = await run(BOXLITE, args, {
      env: { HOME: join(home, 'user'), BOXLITE_HOME: home, LANG: 'C.UTF-8' },
      timeoutMs: SETUP_TIMEOUT_MS,
    });
    if (status !== 0)
      throw new Error(`boxlite ${args[0]} ended with ${status}\n${stdout.toString()}${stderr}`);
  }
  await keepVerdict(join(home, 'accelerators.json'));
  return () => tearDown(root ?? home, root !== undefined);
}

/**
 * Where KVM has failed in a way that may pass, BoxLite tries it again after some minutes, for ten seconds and with a
 * notice. No test's home is to do that in the midst of the run.
 */
async function keepVerdict(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const verdict = JSON.parse(await readFile(path, 'utf8')) as { untilMs?: number };
  delete verdict.untilMs;
  await writeFile(path, JSON.stringify(verdict));
}

/** A process still running here would run for ever: it is reported and killed, and the whole run fails. */
async function tearDown(root: string, remove: boolean): Promise<void> {
  const left = await processesOf(root);
  for (const { pid } of left) killProcess(pid);
  if (remove) await rm(root, { recursive: true, force: true, maxRetries: 3 });
  if (left.length > 0)
    throw new Error(
      `left running: ${left.map(({ pid, command }) => `${pid} ${command}`).join('\n')}`,
    );
}
