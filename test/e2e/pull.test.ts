import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../../src/host/home.js';
import { BOXLITE, run, type RunningCli, start } from '../helpers/cli.js';
import { type FakeRegistry, startFakeRegistry } from '../helpers/fake-registry.js';
import { makeImage, type TestImage } from '../helpers/images.js';
import { Screen } from '../helpers/screen.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();

/** A new image for each test, since the home keeps pulled images. */
let image: TestImage;
/** Serves half of the large layer and then stalls until told to continue. */
let registry: FakeRegistry;
let hold: boolean;
beforeEach(async () => {
  image = await makeImage({
    layers: [{ small: randomBytes(10) }, { noise: randomBytes(2_000_000) }],
    compression: 'none',
  });
  hold = true;
  registry = await startFakeRegistry([image], (request, response) => {
    const layer = image.layers[1] ?? image.config;
    if (!hold || request.url?.endsWith(layer.digest) !== true) return false;
    response.writeHead(200, { 'content-length': layer.size });
    response.write(layer.bytes.subarray(0, 1_000_000));
    return true;
  });
});
afterEach(() => registry.stop());

const short = (index: number): string => image.layers[index]?.digest.slice(7, 19) ?? '';
const reference = (): string => `${registry.host}/team/app:v1`;
const env = (): Record<string, string> => ({ HOME: home.path, BOXLITE_HOME: home.path });

function pullOnTerminal(columns: number): RunningCli {
  const line = `stty rows 10 cols ${columns}; exec '${BOXLITE}' pull ${reference()}`;
  return start('script', ['-qec', line, '/dev/null'], {
    env: { ...env(), TERM: 'xterm', SHELL: '/bin/sh' },
  });
}

async function partials(): Promise<string[]> {
  return readdir(new Home(home.path).partial());
}

describe.each([80, 40])('a pull on a terminal of %i columns', (columns) => {
  it('that ctrl-c ends leaves the screen in order and goes on the next time', async () => {
    const cli = pullOnTerminal(columns);
    await cli.output(/1MB\/2MB/);
    // The small layer also arrives, whichever is shown first.
    await cli.output(/: Pull complete/);
    cli.child.stdin.write('\u0003');
    const { status, stdout } = await cli.result;
    expect(status).toBe(130);
    const lines = new Screen(columns)
      .write(stdout.toString())
      .lines.filter((line) => line !== '^C');
    expect(lines.slice(0, 2)).toEqual(['v1: Pulling from team/app', `${short(0)}: Pull complete`]);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(
      columns === 80 ? /Downloading \[=+>/ : /^[0-9a-f]{12}: (Downloading )?1MB\/2MB/,
    );

    const [partial = '', ...others] = await partials();
    expect([partial, others]).toEqual([image.layers[1]?.digest.replace(':', '-'), []]);
    const { size } = await stat(join(new Home(home.path).partial(), partial));
    hold = false;
    const again = await run(BOXLITE, ['pull', '-q', reference()], { env: env() });
    expect([again.status, again.stdout.toString(), again.stderr]).toEqual([
      0,
      `${reference()}\n`,
      '',
    ]);
    expect(registry.requests.at(-1)?.range).toBe(`bytes=${size}-`);
    expect(await partials()).toEqual([]);
  });
});

it('a pull that is terminated lets go of its claim and says nothing', async () => {
  const cli = start(BOXLITE, ['pull', reference()], { env: env() });
  await cli.output(/: Pull complete/);
  cli.child.kill('SIGTERM');
  const { status, stderr } = await cli.result;
  expect([status, stderr]).toEqual(['SIGTERM', '']);
  expect((await partials()).filter((name) => name.includes('claim'))).toEqual([]);
});

it('a pull of an image that shares a layer says that it exists', async () => {
  hold = false;
  await run(BOXLITE, ['pull', '-q', reference()], { env: env() });
  const { stdout } = await run(BOXLITE, ['pull', reference()], { env: env() });
  expect(stdout.toString().split('\n').slice(1, 3)).toEqual(
    [0, 1].map((layer) => `${short(layer)}: Already exists`),
  );
});

it('a pull into a pipe prints Docker’s lines', async () => {
  hold = false;
  const { status, stdout, stderr } = await run(BOXLITE, ['pull', reference()], { env: env() });
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.toString().split('\n');
  expect([lines[0], ...lines.slice(-4)]).toEqual([
    'v1: Pulling from team/app',
    `Digest: ${image.manifest.digest}`,
    `Status: Downloaded newer image for ${reference()}`,
    reference(),
    '',
  ]);
  expect(lines.slice(1, -4).toSorted()).toEqual(
    [0, 1]
      .flatMap((layer) => [
        `${short(layer)}: Pulling fs layer`,
        `${short(layer)}: Download complete`,
        `${short(layer)}: Pull complete`,
      ])
      .toSorted(),
  );
});

describe('pull -a', () => {
  it('brings every tag of a repository', async () => {
    hold = false;
    const tags = ['v1', 'v2'];
    const all = await startFakeRegistry([image], (request, response) => {
      if (request.url?.startsWith('/v2/team/all/tags/list') !== true) return false;
      response.end(JSON.stringify({ name: 'team/all', tags }));
      return true;
    });
    try {
      const name = `${all.host}/team/all`;
      const { status, stdout, stderr } = await run(BOXLITE, ['pull', '-aq', name], { env: env() });
      expect([status, stdout.toString(), stderr]).toEqual([0, `${name}:v1\n${name}:v2\n`, '']);
      const listed = await home.ok(['images', '--format', '{{.Repository}}:{{.Tag}}', name]);
      expect(listed.split('\n').toSorted()).toEqual([`${name}:v1`, `${name}:v2`]);
    } finally {
      await all.stop();
    }
  });

  it('takes no tag', async () => {
    const { status, stderr } = await run(BOXLITE, ['pull', '-a', reference()], { env: env() });
    expect([status, stderr]).toEqual([
      1,
      "boxlite: tag can't be used with --all-tags/-a\nSee 'boxlite pull --help'.\n",
    ]);
  });
});
