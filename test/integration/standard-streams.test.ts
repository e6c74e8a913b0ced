import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/cli/process/standard-streams.ts', import.meta.url));
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'boxlite-streams-'));
  await build({
    entryPoints: [source],
    outfile: join(directory, 'streams.mjs'),
    format: 'esm',
    platform: 'node',
    bundle: true,
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A program that has `streams`, and says on stderr how an error was told. */
function program(body: string): string[] {
  const url = JSON.stringify(join(directory, 'streams.mjs'));
  const code = `import { StandardStreams } from ${url};
    const streams = new StandardStreams((name, _stream, error) => {
      process.stderr.write(\`\${name} \${error.code}\`);
    });
    const made = () => process.moduleLoadList.includes('NativeModule net');
    ${body}`;
  return ['--input-type=module', '-e', code];
}

/** Node gives its children sockets where a shell gives them pipes. */
const RUNNERS = {
  pipe: ['sh', '-c', '"$@" | cat', 'sh', process.execPath],
  socket: [process.execPath],
};

describe.each(['pipe', 'socket'] as const)('stdout that is a %s', (kind) => {
  function run(body: string): { status: number | null; out: string; err: string } {
    const [file = '', ...args] = RUNNERS[kind];
    const ran = spawnSync(file, [...args, ...program(body)], { encoding: 'utf8' });
    return { status: ran.status, out: ran.stdout, err: ran.stderr };
  }

  it('takes one short text without a stream of Node', () => {
    const found = run(`streams.stdout.write('ä\\n'); streams.stdout.isTTY; const is = made();
      await streams.flush(); process.stderr.write(String(is));`);
    expect(found).toEqual({ status: 0, out: 'ä\n', err: 'false' });
  });

  it('keeps the order of texts, bytes and what is piped into it', () => {
    const found = run(`import { Readable } from 'node:stream';
      streams.stdout.write('one '); streams.stdout.write('two ');
      streams.stdout.write(Buffer.from('three '));
      Readable.from(['four ', 'five']).pipe(streams.stdout, { end: false });`);
    expect(found).toEqual({ status: 0, out: 'one two three four five', err: '' });
  });

  it('takes a text longer than a pipe whole', () => {
    const found = run(
      `streams.stdout.write('x'.repeat(200_000)); await streams.flush(); process.exit(0);`,
    );
    expect(found).toEqual({ status: 0, out: 'x'.repeat(200_000), err: '' });
  });
});

describe('stdout that is a socket', () => {
  it('tells that nobody reads any more, after the first text as after a later one', async () => {
    for (const texts of [1, 3]) {
      const code = `process.stdin.once('data', () => {
        for (let i = 0; i < ${texts}; i++) streams.stdout.write('x');
        process.stdin.destroy();
      });`;
      const child = spawn(process.execPath, program(code));
      child.stdout.destroy();
      child.stdin.write('go');
      let err = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      await new Promise((resolve) => child.on('close', resolve));
      expect(err.slice(0, 12)).toBe('stdout EPIPE');
    }
  });
});

describe('stdout that is /dev/null', () => {
  it('takes one short text without a stream of Node', () => {
    const found = spawnSync(
      process.execPath,
      program(`streams.stdout.write("x"); const is = made(); process.stderr.write(String(is));`),
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    expect([found.status, found.stderr]).toEqual([0, 'false']);
  });
});

describe('stdout that is a file', () => {
  it('gets what is written after what was there', () => {
    const path = join(directory, 'out');
    const fd = openSync(path, 'a');
    for (const word of ['one', 'two'])
      spawnSync(
        process.execPath,
        program(`streams.stdout.write('${word}\\n'); streams.stdout.write('.\\n');`),
        {
          stdio: ['ignore', fd, 'inherit'],
        },
      );
    expect(readFileSync(path, 'utf8')).toBe('one\n.\ntwo\n.\n');
  });
});

describe('stdout that is full', () => {
  it('tells its error before flush resolves', () => {
    const fd = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(
      process.execPath,
      program("streams.stdout.write('x'); await streams.flush(); process.exit(4);"),
      { encoding: 'utf8', stdio: ['ignore', fd, 'pipe'] },
    );
    expect([status, stderr]).toEqual([4, 'stdout ENOSPC']);
  });

  it.each([0, 1])('tells what no longer fits into a file, written at once: %i', (before) => {
    // Of a limit on files the kernel takes as much of a write as fits, as a full disk does.
    const body = `process.on('SIGXFSZ', () => undefined);
      for (let i = 0; i < ${before}; i++) streams.stdout.write(Buffer.from('x'));
      streams.stdout.write('y'.repeat(600)); await streams.flush(); process.exit(4);`;
    const path = join(directory, `limited-${before}`);
    const limited = ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, ...program(body)];
    const { status, stderr } = spawnSync('sh', limited, {
      encoding: 'utf8',
      stdio: ['ignore', openSync(path, 'w'), 'pipe'],
    });
    expect([status, stderr]).toEqual([4, 'stdout EFBIG']);
    expect(readFileSync(path).length).toBe(512);
  });
});

describe('stdout that is a terminal', () => {
  it.each([
    ['0 × 0', 'cols 0 rows 0', 'true undefined undefined'],
    ['40 × 10', 'cols 40 rows 10', 'true 40 10'],
  ])('of %s has that size, or none', (_, size, expected) => {
    const [, , code = ''] = program(
      'const { isTTY, columns, rows } = streams.stdout; console.log(`${isTTY} ${columns} ${rows}`);',
    );
    const file = join(directory, 'size.mjs');
    writeFileSync(file, code);
    const command = `stty ${size}; ${process.execPath} ${file}`;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(expected);
  });
});
