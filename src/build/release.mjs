/**
 * Makes a release: `npm run release -- VERSION [--dry-run]`.
 *
 * The Unreleased section of CHANGELOG.md becomes that of VERSION, package.json and its lock file get
 * the version (all else derives it from there), `npm pack` builds the tarball into `release/`, and the
 * commit is tagged `vVERSION`. Nothing is pushed. A release that fails leaves the tree as it was.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { releaseSection } from './changelog.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CHANGELOG = join(root, 'CHANGELOG.md');
/** The tarball and SHA256SUMS, and nothing of an earlier release. */
const OUT = join(root, 'release');

try {
  release(readArguments());
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** @param {{ version: string, dryRun: boolean }} wanted */
function release({ version, dryRun }) {
  refuseUnclean();
  const tag = `v${version}`;
  refuseTag(tag);
  const { changelog, notes } = releaseSection(readFileSync(CHANGELOG, 'utf8'), version, today());

  console.log(`boxlite ${version}, tag ${tag}, tarball and SHA256SUMS in ${OUT}\n\n${notes}`);
  if (dryRun) {
    console.log('This was a dry run: nothing has changed.');
    return;
  }

  const tarball = undoneOnFailure(() => {
    writeFileSync(CHANGELOG, changelog);
    setVersion(version);
    return pack();
  });
  if (git('status', '--porcelain') !== '')
    git('commit', '--quiet', '--all', '-m', `release: ${version}`);
  git('tag', '--annotate', '--cleanup=verbatim', tag, '-m', `boxlite ${version}\n\n${notes}`);
  console.log(`Tagged ${tag}, packed ${join(OUT, tarball)}.\nPublish it: git push --follow-tags`);
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' } },
  });
  const [version, ...rest] = positionals;
  if (version === undefined || rest.length > 0)
    throw new Error('usage: npm run release -- VERSION [--dry-run]');
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
    throw new Error(`${version} is no version, such as 1.2.3 or 1.2.3-rc.1`);
  return { version, dryRun: values['dry-run'] === true };
}

/** What is not committed would be in the tarball and not behind the tag. */
function refuseUnclean() {
  const changes = git('status', '--porcelain');
  if (changes !== '') throw new Error(`the tree has changes that are not committed:\n${changes}`);
}

/** @param {string} tag */
function refuseTag(tag) {
  if (git('tag', '--list', tag) !== '') throw new Error(`the tag ${tag} exists already`);
}

/**
 * @template T
 * @param {() => T} make
 * @returns what `make` returns; when it throws, the tree is as before
 */
function undoneOnFailure(make) {
  try {
    return make();
  } catch (error) {
    git('checkout', '--quiet', '--', '.');
    rmSync(OUT, { recursive: true, force: true });
    throw error;
  }
}

/**
 * The manual pages name the version, so they are generated again.
 * @param {string} version
 */
function setVersion(version) {
  npm('version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts');
  npm('run', 'build:protocol');
}

/** @returns the name of the tarball in `release/` */
function pack() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const listed = npm('pack', '--json', '--pack-destination', OUT);
  // What the build prints comes before the list.
  const [{ filename }] = JSON.parse(listed.slice(listed.search(/^\[$/m)));
  const digest = createHash('sha256')
    .update(readFileSync(join(OUT, filename)))
    .digest('hex');
  writeFileSync(join(OUT, 'SHA256SUMS'), `${digest}  ${filename}\n`);
  return filename;
}

/** The day by UTC, as in 2026-11-30. */
function today() {
  return new Date().toISOString().slice(0, 10);
}

/** @param {string[]} words */
function git(...words) {
  return run('git', words).trimEnd();
}

/** @param {string[]} words */
function npm(...words) {
  return run('npm', ['--silent', ...words]);
}

/**
 * @param {string} program
 * @param {string[]} words
 */
function run(program, words) {
  return execFileSync(program, words, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
