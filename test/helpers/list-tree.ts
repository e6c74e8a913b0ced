import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const SOURCE = fileURLToPath(new URL('list-tree.c', import.meta.url));
const MAX_LISTING_BYTES = 2 ** 28;

/** Compiles the program that lists trees statically, so that it runs both in a box and on the host. */
export async function buildTreeLister(directory: string): Promise<string> {
  const program = join(directory, 'list-tree');
  await execute('gcc', ['-std=c11', '-O2', '-Wall', '-Werror', '-static', '-o', program, SOURCE]);
  return program;
}

/** One line per name: type and mode, ids, time, size, links, content, device, attributes. */
export async function listTree(program: string, directory: string): Promise<string[]> {
  const limits = { maxBuffer: MAX_LISTING_BYTES };
  const { stdout } = await execute(program, [directory], limits);
  return toLines(stdout);
}

export function toLines(listing: string): string[] {
  return listing.trimEnd().split('\n');
}

/** The first lines that are in only one listing; two equal listings have none. */
export function differences(seen: readonly string[], expected: readonly string[]): string[] {
  const [inSeen, inExpected] = [new Set(seen), new Set(expected)];
  return [
    ...expected.filter((line) => !inSeen.has(line)).map((line) => `lacks ${line}`),
    ...seen.filter((line) => !inExpected.has(line)).map((line) => `has ${line}`),
  ]
    .sort((a, b) => (a.slice(a.indexOf('.')) < b.slice(b.indexOf('.')) ? -1 : 1))
    .slice(0, 40);
}
