import { beforeAll, expect, test } from 'vitest';
import { Random } from '../fuzz/random.js';
import { BOXLITE, type CliResult } from '../helpers/cli.js';
import { expectNothingLeft } from '../helpers/soundness.js';
import { useHome } from '../helpers/test-home.js';

/** Determines each worker's operations; the host determines their interleaving. */
const SEED = Number(process.env.BOXLITE_STRESS_SEED ?? 1);

const WORKERS = 10;
const OPERATIONS = Number(process.env.BOXLITE_STRESS_OPERATIONS ?? 40);

/** A longer operation has hung: its own longest wait, for a box's lock, is at most 60 s. */
const LONGEST_MS = 240_000;

/** Only a few, so that the workers collide. */
const NAMES = ['ant', 'bee', 'cow'] as const;
type Name = (typeof NAMES)[number];

const MEMORY = ['-m', '128'];
const WORK = ['busybox', 'sh', '-c', 'echo up; sleep 6000 & wait'];

const home = useHome();

/** stderr of a successful command. */
const DONE = /^$/;
const MISSING = /^boxlite: No such (box|object): \w+\n/;
const TAKEN = /^boxlite: the name "\w+" is already in use by box \w{26}\n/;
const NOT_RUNNING = /^boxlite: box \w+ is not running\n/;
const RUNNING =
  /^boxlite: cannot remove box "\w+": it is (running|stopping|paused and must be unpaused first)\n/;
const PAUSED =
  /^boxlite: (box \w+ is paused, unpause the box before |cannot start the paused box )/;
const IS_PAUSED = /^boxlite: box \w+ is already paused\n/;
const NOT_PAUSED = /^boxlite: box \w+ is not paused\n/;
/** The box was stopped, killed or removed while the command ran. */
const ENDED = /^boxlite: .*\b(has ended|was lost|ended unexpectedly|is not running)\b/;

interface Operation {
  /** How often it is drawn, relative to the others. */
  weight: number;
  command: (name: Name, token: string) => readonly string[];
  /** What stderr may show when the status is not 0; with 0 it is empty. */
  refusals: readonly RegExp[];
  /** Checks stdout when the status is 0. */
  answer: (stdout: string, name: Name, token: string) => void;
}

const printsName = (stdout: string, name: Name): void => expect(stdout).toBe(`${name}\n`);

const operations: Record<string, Operation> = {
  create: {
    weight: 16,
    command: (name) => ['create', '--name', name, ...MEMORY, ...WORK],
    refusals: [TAKEN],
    answer: (stdout) => expect(stdout).toMatch(/^\w{26}\n$/),
  },
  start: {
    weight: 9,
    command: (name) => ['start', name],
    refusals: [MISSING, PAUSED],
    answer: printsName,
  },
  exec: {
    weight: 10,
    command: (name, token) => ['exec', name, 'echo', token],
    refusals: [MISSING, NOT_RUNNING, PAUSED, ENDED],
    answer: (stdout, _name, token) => expect(stdout).toBe(`${token}\n`),
  },
  'cp in': {
    weight: 2,
    command: (name, token) => ['cp', BOXLITE, `${name}:/${token}`],
    refusals: [MISSING, NOT_RUNNING, PAUSED, ENDED],
    answer: (stdout) => expect(stdout).toBe(''),
  },
  'cp out': {
    weight: 2,
    command: (name) => ['cp', `${name}:/etc/passwd`, '-'],
    refusals: [MISSING, NOT_RUNNING, PAUSED, ENDED],
    answer: (stdout) => expect(stdout).toMatch(/^passwd\0[^]*\nroot:|\0root:/),
  },
  // Always followed by unpause, so that nobody waits for ever for a paused box.
  pause: {
    weight: 5,
    command: (name) => ['pause', name],
    refusals: [MISSING, NOT_RUNNING, IS_PAUSED, ENDED],
    answer: printsName,
  },
  unpause: {
    weight: 1,
    command: (name) => ['unpause', name],
    refusals: [MISSING, NOT_RUNNING, NOT_PAUSED, ENDED],
    answer: printsName,
  },
  rename: {
    weight: 4,
    command: (name) => ['rename', name, NAMES[(NAMES.indexOf(name) + 1) % NAMES.length] ?? name],
    refusals: [MISSING, TAKEN],
    answer: (stdout) => expect(stdout).toBe(''),
  },
  stop: {
    weight: 5,
    command: (name) => ['stop', '-t', '0', name],
    refusals: [MISSING],
    answer: printsName,
  },
  kill: {
    weight: 5,
    command: (name) => ['kill', name],
    refusals: [MISSING, NOT_RUNNING],
    answer: printsName,
  },
  rm: {
    weight: 8,
    command: (name) => ['rm', name],
    refusals: [MISSING, RUNNING],
    answer: printsName,
  },
  'rm -f': {
    weight: 4,
    command: (name) => ['rm', '-f', name],
    refusals: [],
    answer: (stdout, name) => expect(['', `${name}\n`]).toContain(stdout),
  },
  ps: {
    weight: 12,
    command: () => ['ps', '-a', '--format', '{{.Names}} {{.Status}}'],
    refusals: [],
    answer: expectBoxes,
  },
  inspect: {
    weight: 11,
    command: (name) => ['inspect', '--format', '{{.Name}} {{.State.Status}}', name],
    refusals: [MISSING],
    // The name may differ, if the box has been renamed since it was found.
    answer: (stdout) =>
      expect(stdout).toMatch(/^\/?(ant|bee|cow) (created|running|paused|exited)\n$/),
  },
  logs: {
    weight: 9,
    command: (name) => ['logs', name],
    refusals: [MISSING],
    answer: (stdout) => expect(stdout).toMatch(/^(up\n)*$/),
  },
};

const drawn = Object.entries(operations).flatMap(([verb, { weight }]) =>
  Array<string>(weight).fill(verb),
);

/** The ids of the boxes created, and the number removed: a rename may have changed their names. */
const made = new Set<string>();
let removed = 0;
/** Operations that have succeeded at least once. */
const succeeded = new Set<string>();

/** Drawn so often that one that never succeeds is broken. The others may always lose their race. */
const FREQUENT = ['create', 'start', 'exec', 'rm -f', 'ps', 'inspect', 'logs'];

/** Undisturbed and in this order, each operation succeeds. */
const UNDISTURBED: readonly (readonly [verb: string, name: Name])[] = [
  ['rm -f', 'ant'],
  ['rm -f', 'bee'],
  ['rm -f', 'cow'],
  ['create', 'ant'],
  ['start', 'ant'],
  ['exec', 'ant'],
  ['cp in', 'ant'],
  ['cp out', 'ant'],
  ['pause', 'ant'],
  ['unpause', 'ant'],
  ['rename', 'ant'],
  ['ps', 'bee'],
  ['inspect', 'bee'],
  ['logs', 'bee'],
  ['stop', 'bee'],
  ['start', 'bee'],
  ['kill', 'bee'],
  ['rm', 'bee'],
];

beforeAll(async () => {
  // Creates the files that all boxes share, with a machine of this size.
  const { status } = await home.boxlite(['run', '--rm', ...MEMORY, 'busybox', 'true']);
  expect(status).toBe(0);
});

test(
  'whatever processes do at once, each answer is one that the states allow',
  { timeout: 1_800_000 },
  async () => {
    await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
    // Exactly the boxes that were created and not removed exist.
    const there = (await home.ok(['ps', '-aq', '--no-trunc'])).split('\n').filter(Boolean);
    expect(there).toHaveLength(made.size - removed);
    expect([...made]).toEqual(expect.arrayContaining(there));
    expect([...succeeded]).toEqual(expect.arrayContaining(FREQUENT));
    for (const [verb, name] of UNDISTURBED) {
      expect(await operate(verb, name, 'quiet', 'undisturbed'), verb).toBe(true);
    }
    expect([...succeeded].sort()).toEqual(Object.keys(operations).sort());
    await expectNothingLeft(home);
    expect(await home.ok(['run', '--rm', ...MEMORY, 'busybox', 'echo', 'well'])).toBe('well');
  },
);

async function work(worker: number): Promise<void> {
  const random = new Random(SEED * WORKERS + worker);
  for (let count = 0; count < OPERATIONS; count++) {
    const verb = random.pick(drawn);
    const name = random.pick(NAMES);
    const token = `${worker}-${count}`;
    const how = `BOXLITE_STRESS_SEED=${SEED}, worker ${worker}, operation ${count}`;
    const done = await operate(verb, name, token, how);
    if (verb === 'pause' && done) await operate('unpause', name, token, how);
  }
}

/** @returns whether it was accepted */
async function operate(verb: string, name: Name, token: string, how: string): Promise<boolean> {
  const operation = operations[verb];
  if (operation === undefined) throw new Error(`no operation ${verb}`);
  const result = await home.boxlite(operation.command(name, token), { timeoutMs: LONGEST_MS });
  try {
    judge(operation, result, name, token);
  } catch (error) {
    throw new Error(`${verb} ${name} answered what it must not (${how})`, { cause: error });
  }
  tally(verb, result);
  return result.status === 0;
}

function judge(operation: Operation, result: CliResult, name: Name, token: string): void {
  const { status, stdout, stderr } = result;
  if (status === 0) {
    expect(stderr).toMatch(DONE);
    operation.answer(stdout.toString(), name, token);
    return;
  }
  // A command that was killed together with its box prints no message; its status shows it.
  const allowed = operation.refusals.some((refusal) => refusal.test(stderr));
  const killed = status === 137 && operation === operations.exec && stderr === '';
  if (!allowed && !killed) throw new Error(`status ${status}, ${JSON.stringify(stderr)}`);
}

function tally(verb: string, { status, stdout }: CliResult): void {
  if (status !== 0) return;
  succeeded.add(verb);
  if (verb === 'create') made.add(stdout.toString().trim());
  // With -f, nothing is printed if there was nothing to remove.
  if (verb.startsWith('rm') && stdout.length > 0) removed += 1;
}

/** Expects each name at most once, and only valid states. */
function expectBoxes(stdout: string): void {
  const lines = stdout.split('\n').slice(0, -1);
  const status = /^(ant|bee|cow) (Created|Up .*( \(Paused\))?|Exited \((0|128|137|143)\) .*)$/;
  for (const line of lines) expect(line).toMatch(status);
  const names = lines.map((line) => line.split(' ', 1)[0]);
  expect(new Set(names).size).toBe(names.length);
}
