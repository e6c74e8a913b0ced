import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A `docker-credential-NAME` that keeps credentials in one file and logs all requests in another. */
export interface TestHelper {
  /** Directory to put first in PATH. */
  directory: string;
  /** Credentials by key: user name and secret. */
  entries(): Promise<Record<string, { Username: string; Secret: string }>>;
  /** Each run, in order: its arguments, its stdin and the values of its environment. */
  runs(): Promise<{ args: string[]; input: string; environment: string[] }[]>;
}

/** A real implementation of the docker-credential-helpers protocol, with its texts and statuses. */
const PROGRAM = `
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const [state, log] = ['state.json', 'log'].map((name) => __dirname + '/' + name);
const input = readFileSync(0, 'utf8');
const args = process.argv.slice(2);
appendFileSync(log, JSON.stringify({ args, input, environment: Object.values(process.env) }) + '\\n');
const entries = existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : {};
const save = () => writeFileSync(state, JSON.stringify(entries));
const fail = (text) => { process.stdout.write(text + '\\n'); process.exit(1); };
const verbs = {
  get() {
    const key = input.trim();
    if (!(key in entries)) fail('credentials not found in native keychain');
    process.stdout.write(JSON.stringify({ ServerURL: key, ...entries[key] }) + '\\n');
  },
  store() {
    const { ServerURL, ...entry } = JSON.parse(input);
    entries[ServerURL] = entry;
    save();
  },
  erase() {
    if (!(input.trim() in entries)) fail('credentials not found in native keychain');
    delete entries[input.trim()];
    save();
  },
  list() {
    const pairs = Object.entries(entries).map(([key, { Username }]) => [key, Username]);
    process.stdout.write(JSON.stringify(Object.fromEntries(pairs)));
  },
};
(verbs[args[0]] ?? (() => fail('Unknown credential action \`' + args[0] + '\`')))();
`;

/** Writes the program into a directory, which is created. */
export async function makeCredentialHelper(directory: string, name: string): Promise<TestHelper> {
  await writeProgram(directory, name, `#!${process.execPath}\n${PROGRAM}`);
  return {
    directory,
    entries: async () =>
      JSON.parse(await readFile(join(directory, 'state.json'), 'utf8').catch(() => '{}')) as Record<
        string,
        { Username: string; Secret: string }
      >,
    runs: async () => {
      const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '');
      const lines = log.split('\n').filter((line) => line !== '');
      return lines.map(
        (line) => JSON.parse(line) as { args: string[]; input: string; environment: string[] },
      );
    },
  };
}

/** Writes a different helper program into a directory. */
export async function writeProgram(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, `docker-credential-${name}`);
  await writeFile(path, text);
  await chmod(path, 0o755);
}
