/**
 * Podman's answer to a command line equals ours, or the difference is listed below with its reason; README.md
 * in this folder has the same list for people. A listed difference that has gone also fails.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliOptions, CliResult } from '../helpers/cli.js';
import { Podman } from '../helpers/podman.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
let directory: string;
let podman: Podman;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boxlite-oracle-'));
  await writeFile(join(directory, 'variables'), '# comment\nFROM_FILE=1\nQUOTED="a b"\nCALLER\n');
  await writeFile(join(directory, 'taken'), '');
  const archive = join(directory, 'busybox.tar');
  await home.ok(['save', '-o', archive, 'busybox']);
  podman = await Podman.open(archive);
});
afterAll(async () => {
  await podman[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Steps that both run; only the last answers are compared. */
interface Question {
  readonly steps: readonly (readonly string[])[];
  readonly options?: CliOptions;
  /** Why the answers differ, and our answer. */
  readonly differs?: { readonly because: string; readonly ours: Partial<Answer> };
}

interface Answer {
  status: CliResult['status'];
  stdout: string;
}

const ask = (...steps: string[][]): Question => ({ steps });
const B = 'localhost/busybox';
const run = (...words: string[]): string[] => ['run', '--network=none', '--rm', ...words];
const sh = (script: string): string[] => [B, 'sh', '-c', script];
const start = (name: string, ...words: string[]): string[] => [
  ...['run', '-d', '--network=none', '--name', name],
  ...words,
];
const forget = (name: string): string[] => ['rm', '-f', name];

const QUESTIONS: Readonly<Record<string, Question>> = {
  success: ask(run(B, 'true')),
  'the command’s own code': ask(run(...sh('exit 42'))),
  'a code above 128': ask(run(...sh('exit 255'))),
  'a command that is not there': ask(run(B, 'nonesuch')),
  'a path that is not there': ask(run(B, '/no/such')),
  'a directory as command': ask(run(B, '/etc')),
  'a file that is not executable': ask(run(B, '/etc/passwd')),
  KILL: ask(run(...sh('sh -c "kill -9 \\$\\$"; echo $?'))),
  'a signal that PID 1 does not get': ask(run(...sh('kill -TERM $$; echo alive'))),
  stdout: ask(run(B, 'echo', 'a', 'b  c')),
  'stderr is not stdout': ask(run(...sh('echo out; echo err >&2'))),
  stdin: { steps: [run('-i', B, 'cat')], options: { input: 'text\0\xff' } },
  'no stdin without -i': { steps: [run(B, 'cat')], options: { input: 'text' } },
  variables: ask(run('-e', 'A=1', '-e', 'B=x=y', '-e', 'C=', ...sh('echo "$A|$B|${C-unset}"'))),
  'a variable of the caller': {
    steps: [run('-e', 'CALLER', '-e', 'MISSING', ...sh('echo "$CALLER|${MISSING-unset}"'))],
    options: { env: { CALLER: 'here' } },
  },
  'variables from a file': {
    steps: [run('--env-file', 'variables', ...sh('echo "$FROM_FILE|$QUOTED|$CALLER"'))],
    options: { env: { CALLER: 'here' } },
  },
  'a directory to start in': ask(run('-w', '/tmp', B, 'pwd')),
  'a directory that is made': {
    ...ask(run('-w', '/made/here', B, 'pwd')),
    differs: {
      because: 'Docker makes the directory, podman 4 does not',
      ours: { status: 0, stdout: '/made/here\n' },
    },
  },
  'no directory': ask(run('-w', '', B, 'pwd')),
  'a user by name': ask(run('-u', 'nobody', ...sh('id -u; id -g'))),
  'a user by number': ask(run('-u', '1234:5678', ...sh('id -u; id -g'))),
  'an unknown user': {
    ...ask(run('-u', 'nonesuch', B, 'true')),
    differs: {
      because: 'Docker’s status for a user that the image lacks',
      ours: { status: 125, stdout: '' },
    },
  },
  'a host name': ask(run('--hostname', 'named', B, 'hostname')),
  'another entrypoint': ask(run('--entrypoint', 'echo', B, 'x')),
  'an entrypoint taken away': ask(run('--entrypoint', '', B, 'echo', 'y')),
  'a read-only root': ask(run('--read-only', ...sh('touch /x 2>/dev/null; echo $?'))),
  'no capabilities': ask(run('--cap-drop=ALL', ...sh('grep CapEff /proc/self/status'))),
  'one capability': ask(
    run('--cap-drop=ALL', '--cap-add=net_admin', ...sh('grep CapEff /proc/self/status')),
  ),
  'an unknown capability': ask(run('--cap-add', 'FOO', B, 'true')),
  'a limit': ask(run('--ulimit', 'nofile=100:200', ...sh('ulimit -n; ulimit -Hn'))),
  'a line of /etc/hosts': ask(
    run('--add-host', 'db:1.2.3.4', ...sh('grep -o "1.2.3.4.db" /etc/hosts')),
  ),
  'the size of /dev/shm': ask(
    run('--shm-size', '32m', ...sh('df -k /dev/shm | tail -n 1 | awk "{print \\$2}"')),
  ),
  'options that end at the image': ask(run(B, 'echo', '--rm', '-e')),
  'a flag that there is not': ask(['run', '--nonesuch', B, 'true']),
  'no image': ask(['run']),
  'an image that is not there': ask(['run', '--pull', 'never', 'localhost/nonesuch', 'true']),
  'a cidfile that is there': ask(run('--cidfile', 'taken', B, 'true')),
  'a name that is taken': ask(start('taken', B, 'sleep', '600'), ['create', '--name', 'taken', B]),

  'exec’s code': ask(['exec', 'taken', 'sh', '-c', 'exit 9']),
  'exec of what is not there': ask(['exec', 'taken', 'nonesuch']),
  'exec’s variables, directory and user': ask([
    'exec',
    '-e',
    'A=1',
    '-w',
    '/tmp',
    '-u',
    'nobody',
    'taken',
    'sh',
    '-c',
    'echo $A; pwd; id -u',
  ]),
  'exec in a directory that is not there': ask(['exec', '-w', '/no/such', 'taken', 'pwd']),
  'exec’s stdin': { steps: [['exec', '-i', 'taken', 'cat']], options: { input: 'abc' } },
  'exec in the background': {
    ...ask(['exec', '-d', 'taken', 'true']),
    differs: {
      because: 'Docker prints nothing, podman the session’s id',
      ours: { status: 0, stdout: '' },
    },
  },
  'exec in a box that is not there': ask(['exec', 'nonesuch', 'true']),
  'the state of one that runs': ask([
    'inspect',
    '-f',
    '{{.State.Status}} {{.State.Running}}',
    'taken',
  ]),
  'its name': {
    ...ask(['inspect', '-f', '{{.Name}}', 'taken']),
    differs: {
      because: 'Docker’s names begin with a slash',
      ours: { status: 0, stdout: '/taken\n' },
    },
  },
  'its command': ask(['inspect', '-f', '{{json .Config.Cmd}} {{.Path}} {{.Args}}', 'taken']),
  'names in ps': ask(['ps', '--format', '{{.Names}}']),
  'ids alone': ask(['ps', '-aq', '--filter', 'name=nonesuch']),
  'an unknown filter': {
    ...ask(['ps', '--filter', 'color=red']),
    differs: { because: 'Docker’s status for errors of ps is 1', ours: { status: 1, stdout: '' } },
  },
  'removal of one that runs': {
    ...ask(['rm', 'taken']),
    differs: {
      because: 'Docker’s status for this error of rm is 1',
      ours: { status: 1, stdout: '' },
    },
  },
  'a stop': ask(['stop', '-t', '0', 'taken']),
  'a second stop': ask(['stop', 'taken']),
  'the code of a kill': ask(['wait', 'taken']),
  'the state of one that was killed': ask([
    'inspect',
    '-f',
    '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}',
    'taken',
  ]),
  'a kill of one that does not run': {
    ...ask(['kill', 'taken']),
    differs: {
      because: 'Docker’s status for errors of kill is 1',
      ours: { status: 1, stdout: '' },
    },
  },
  'exec in one that does not run': {
    ...ask(['exec', 'taken', 'true']),
    differs: { because: 'Docker’s status for its own errors', ours: { status: 125, stdout: '' } },
  },
  'another name': ask(['rename', 'taken', 'other'], ['ps', '-a', '--format', '{{.Names}}']),
  removal: ask(['rm', 'other']),
  'removal of what is not there': ask(['rm', 'other']),
  'forced removal of what is not there': ask(['rm', '-f', 'other']),

  'create, start -a': ask(
    ['create', '--network=none', '--name', 'later', ...sh('echo later; exit 3')],
    ['start', '-a', 'later'],
  ),
  logs: ask(['logs', 'later']),
  'wait for what has ended': ask(['wait', 'later']),
  'start prints the name': ask(['start', 'later']),
  'what was changed': ask(
    ['wait', 'later'],
    forget('later'),
    [
      'run',
      '--network=none',
      '--name',
      'diff',
      ...sh('echo x > /new; rm /bin/wc; echo y >> /etc/passwd'),
    ],
    ['diff', 'diff'],
  ),
  'an image of it': ask(
    ['commit', 'diff', 'localhost/made:1'],
    ['run', '--network=none', '--rm', 'localhost/made:1', 'sh', '-c', 'cat /new; ls /bin/wc 2>&1'],
  ),
  'ports that are not published': ask(['port', 'diff']),
  'the last lines of logs': ask(
    forget('diff'),
    ['run', '--network=none', '--name', 'lines', ...sh('for i in 1 2 3 4; do echo $i; done')],
    ['logs', '--tail', '2', 'lines'],
  ),
  'a label in a template': ask(
    ['create', '--network=none', '--name', 'labelled', '--label', 'a=b', B],
    ['inspect', '-f', '{{index .Config.Labels "a"}} {{.State.Status}}', 'labelled'],
  ),
  'several that are missing': {
    ...ask(['inspect', '-f', '{{.Id}}', 'nobody1', 'nobody2']),
    differs: {
      because: 'Docker’s status is 1, and inspect prints an empty line',
      ours: { status: 1, stdout: '\n' },
    },
  },
};

/** Both answer in the order of the table, since later questions use the objects of earlier ones. */
async function answers({ steps, options }: Question): Promise<{ theirs: Answer; ours: Answer }> {
  let theirs: CliResult | undefined;
  let ours: CliResult | undefined;
  for (const step of steps)
    [theirs, ours] = await Promise.all([
      podman.call(step, { cwd: directory, ...options }),
      home.boxlite(step, { cwd: directory, ...options }),
    ]);
  if (theirs === undefined || ours === undefined) throw new Error('a question has a step');
  return { theirs: answerOf(theirs), ours: answerOf(ours) };
}

const answerOf = ({ status, stdout }: CliResult): Answer => ({
  status,
  stdout: stdout.toString('latin1'),
});

describe('podman', () => {
  it.each(Object.entries(QUESTIONS))('says the same: %s', async (_title, question) => {
    const { theirs, ours } = await answers(question);
    if (question.differs === undefined) {
      expect(ours).toEqual(theirs);
      return;
    }
    expect(ours, question.differs.because).toEqual(question.differs.ours);
    expect(ours, 'the difference is gone').not.toEqual(theirs);
  });
});

it('every difference stands in the README with its reason', async () => {
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const differing = Object.entries(QUESTIONS).filter(([, { differs }]) => differs !== undefined);
  expect(differing.length).toBeGreaterThan(0);
  for (const [title, { differs }] of differing)
    expect(readme.replace(/\s+/g, ' ')).toContain(`| ${title} | ${differs?.because ?? ''} |`);
});
