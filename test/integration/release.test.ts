import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const source = join(import.meta.dirname, '../..');
const PARTS = ['.gitignore', 'package.json', 'package-lock.json', 'src/build'];
/** What the generated files are made of. */
const GENERATED = ['tsconfig.json', 'src', 'man', 'completions', 'native/protocol'];
const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Boxes.\n';
/** git commits for nobody without a name. */
const ENVIRONMENT = {
  ...process.env,
  ...{ GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.com' },
  ...{ GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com' },
};
const TODAY = /\d{4}-\d{2}-\d{2}/g;
let parent: string;
let project: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'a release '));
  project = join(parent, 'origin');
  copyParts(PARTS);
  // The build takes minutes, and other tests look at what it makes.
  setScripts({ prepack: 'true', 'build:protocol': 'true' });
  writeFileSync(join(project, 'CHANGELOG.md'), CHANGELOG);
  git('init', '--quiet');
  commitAll('begin');
  git('clone', '--quiet', '.', '../clone');
  project = join(parent, 'clone');
});
afterEach(() => rm(parent, { recursive: true }));

describe('npm run release', () => {
  test('with --dry-run shows the notes and changes nothing', () => {
    const before = git('rev-parse', 'HEAD');
    const result = release('7.8.9', '--dry-run');
    expect(result).toMatchObject({ status: 0, err: '' });
    expect(result.out).toContain('boxlite 7.8.9, tag v7.8.9');
    expect(result.out).toContain('### Added\n\n- Boxes.\n');
    expect(git('rev-parse', 'HEAD')).toBe(before);
    expect(git('status', '--porcelain') + git('tag')).toBe('');
    expect(readdirSync(project)).not.toContain('release');
  });

  test('commits, tags and packs a version that has all of its parts', () => {
    copyParts(GENERATED);
    linkPackages();
    const scripts = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest;
    setScripts({ 'build:protocol': scripts.scripts['build:protocol'] });
    commitAll('add what is generated');
    expect(release('7.8.9')).toMatchObject({ status: 0, err: '' });
    const [date] = TODAY.exec(read('CHANGELOG.md')) ?? [];
    expect(read('CHANGELOG.md')).toBe(
      `# Changelog\n\n## [Unreleased]\n\n## [7.8.9] - ${date}\n\n### Added\n\n- Boxes.\n`,
    );
    expect(JSON.parse(read('package.json'))).toMatchObject({ version: '7.8.9' });
    expect(JSON.parse(read('package-lock.json'))).toMatchObject({
      version: '7.8.9',
      packages: { '': { version: '7.8.9' } },
    });
    expect(read('src/cli/help/version.ts')).toContain("VERSION = '7.8.9'");
    expect(read('man/boxlite.1')).toContain('"boxlite 7.8.9"');
    expect(git('status', '--porcelain')).toBe('');
    expect(git('log', '-1', '--format=%s')).toBe('release: 7.8.9\n');
    expect(git('cat-file', '-t', 'v7.8.9') + git('rev-parse', 'v7.8.9^{}')).toBe(
      `tag\n${git('rev-parse', 'HEAD')}`,
    );
    expect(git('tag', '--list', '--format=%(contents)', 'v7.8.9')).toBe(
      'boxlite 7.8.9\n\n### Added\n\n- Boxes.\n',
    );

    const out = join(project, 'release');
    expect(readdirSync(out).sort()).toEqual(['SHA256SUMS', 'boxlite-7.8.9.tgz']);
    execFileSync('sha256sum', ['--check', '--status', 'SHA256SUMS'], { cwd: out });
    const packed = execFileSync('tar', [
      ...['-xzOf', join(out, 'boxlite-7.8.9.tgz'), 'package/package.json'],
    ]);
    expect(JSON.parse(packed.toString())).toMatchObject({ name: 'boxlite', version: '7.8.9' });
  });

  test('takes a section that is dated already', () => {
    const { version } = JSON.parse(read('package.json')) as Manifest;
    const changelog = `# Changelog\n\n## [Unreleased]\n\n## [${version}] - 2026-01-02\n\n- Boxes.\n`;
    commitChangelog(changelog);
    const before = git('rev-parse', 'HEAD');
    expect(release(version)).toMatchObject({ status: 0, err: '' });
    expect(read('CHANGELOG.md')).toBe(changelog);
    expect(git('rev-parse', `v${version}^{}`)).toBe(before);
  });

  test.each<[string, () => void, string]>([
    [
      'a tree with changes',
      () => writeFileSync(join(project, 'new'), ''),
      'the tree has changes that are not committed:\n?? new',
    ],
    ['a tag that exists', () => git('tag', 'v7.8.9'), 'the tag v7.8.9 exists already'],
    [
      'a changelog without an unreleased section',
      () => commitChangelog('# Changelog\n\n## [1.0.0] - 2026-01-02\n\n- Boxes.\n'),
      'CHANGELOG.md has nothing under ## [Unreleased]',
    ],
    [
      'an empty unreleased section',
      () => commitChangelog('# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-02\n\n- A.\n'),
      'CHANGELOG.md has nothing under ## [Unreleased]',
    ],
    [
      'unreleased changes of a version that is dated',
      () => commitChangelog(`${CHANGELOG}\n## [7.8.9] - 2026-01-02\n\n- Boxes.\n`),
      'CHANGELOG.md has a section for 7.8.9 already, and unreleased changes',
    ],
  ])('refuses %s', (_what, prepare, message) => {
    prepare();
    const state = stateOf();
    expect(release('7.8.9')).toEqual({ status: 1, out: '', err: `release: ${message}\n` });
    expect(stateOf()).toEqual(state);
  });

  test('leaves the tree as it was when it can not pack', () => {
    setScripts({ prepack: 'false' });
    commitAll('break the build');
    const state = stateOf();
    const result = release('7.8.9');
    expect(result.status).toBe(1);
    expect(result.err).toContain('release: Command failed: npm');
    expect(stateOf()).toEqual(state);
    expect(readdirSync(project)).not.toContain('release');
  });

  test.each([
    [[], 'usage: npm run release -- VERSION [--dry-run]'],
    [['1.2.3', '1.2.4'], 'usage: npm run release -- VERSION [--dry-run]'],
    [['v1.2.3'], 'v1.2.3 is no version, such as 1.2.3 or 1.2.3-rc.1'],
  ])('refuses the words %j', (words, message) => {
    expect(release(...words)).toEqual({ status: 1, out: '', err: `release: ${message}\n` });
  });
});

/** Runs the script that package.json names, without npm's own lines. */
function release(...words: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['run', '--silent', 'release', '--', ...words],
    { cwd: project, encoding: 'utf8', env: ENVIRONMENT },
  );
  return { status, out: stdout, err: stderr };
}

interface Manifest {
  version: string;
  scripts: Record<string, string | undefined>;
}

function setScripts(scripts: Manifest['scripts']): void {
  const manifest = JSON.parse(read('package.json')) as Manifest;
  Object.assign(manifest.scripts, scripts);
  writeFileSync(join(project, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function copyParts(parts: readonly string[]): void {
  for (const part of parts) cpSync(join(source, part), join(project, part), { recursive: true });
}

function commitChangelog(text: string): void {
  writeFileSync(join(project, 'CHANGELOG.md'), text);
  commitAll('change the changelog');
}

function commitAll(message: string): void {
  git('add', '--all');
  git('commit', '--quiet', '-m', message);
}

/** One by one, since what is generated is written below node_modules and must find this package.json. */
function linkPackages(): void {
  const packages = join(project, 'node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(source, 'node_modules')))
    if (!name.startsWith('.'))
      symlinkSync(join(source, 'node_modules', name), join(packages, name));
}

function stateOf(): string[] {
  return [git('status', '--porcelain'), git('rev-parse', 'HEAD'), git('tag')];
}

function read(path: string): string {
  return readFileSync(join(project, path), 'utf8');
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: project, encoding: 'utf8', env: ENVIRONMENT });
}
