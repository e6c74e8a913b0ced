import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/cli/standard-streams.ts', import.meta.url));
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
    const streams = new StandardStreams((stream, error) => {
      process.stderr.write(\`\${stream === process.stdout ? 'stdout' : 'stderr'} \${error.code}\`);
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
