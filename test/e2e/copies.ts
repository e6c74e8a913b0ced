import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { TestHome } from '../helpers/test-home.js';

/** Makes what the tests copy. */
export const SOURCE = 'mkdir -p tree/sub; echo text > file; echo a > tree/a; echo b > tree/sub/b';
/** Takes a while to copy, even if writing takes no time. */
export const MAKE_ZEROES = 'head -c 64000000 /dev/zero > /zeroes';

/** The host's side of the copies of the calling file's tests. */
export interface Copies {
  /** A new host directory for each test. */
  readonly host: string;
  readonly onHost: (script: string) => string;
  /** Runs `cp` in the directory; returns status and stderr, without the test's own paths. */
  readonly cp: (...args: string[]) => Promise<[status: unknown, stderr: string]>;
  /** Resolves as soon as a copy has started to write the file. */
  readonly begun: (name: string) => Promise<void>;
}

export function useCopies(home: TestHome): Copies {
  let top: string;
  let host: string;
  let count = 0;
  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), 'boxlite-cp-'));
  });
  afterAll(() => rm(top, { recursive: true, force: true }));
  beforeEach(async () => {
    count += 1;
    host = join(top, String(count));
    await mkdir(host);
  });
  return {
    get host() {
      return host;
    },
    onHost: (script) =>
      execFileSync('sh', ['-c', script], { cwd: host, encoding: 'utf8' }).trimEnd(),
    cp: async (...args) => {
      const { status, stdout, stderr } = await home.boxlite(['cp', ...args], { cwd: host });
      expect(stdout.toString()).toBe('');
      return [status, stderr.replaceAll(host, 'HOST')];
    },
    begun: (name) => expect.poll(() => readdir(host), { interval: 5 }).toContain(name),
  };
}
