import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { BOXLITE, type RunningCli, start } from '../helpers/cli.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';
import { TmuxTerminal } from '../helpers/tmux.js';

const home = useHome();
afterEach(home.forgetFailure);
const execute = promisify(execFile);

/** Runs the CLI on a separate terminal of 40 × 100, whose name it prints first. */
function onTerminal(args: string[], first = ''): RunningCli {
  const line = `stty rows 40 cols 100; tty; ${first} ${lineOf(args)}`;
  return start('script', ['-qec', line, '/dev/null'], {
    env: { HOME: home.path, BOXLITE_HOME: home.path, TERM: 'xterm', SHELL: '/bin/sh' },
  });
}

function lineOf(args: readonly string[]): string {
  return [BOXLITE, ...args].map((each) => `'${each.replaceAll("'", "'\\''")}'`).join(' ');
}

/** Runs until a signal ends it. */
const TRAPPED = 'trap "echo caught; exit 5" HUP TERM; echo ready; while :; do sleep 1; done';

/**
 * `$?` in a shell that survives its terminal, which is closed once the command has printed that it is ready.
 */
async function statusAfterClosing(args: readonly string[]): Promise<string> {
  const file = join(home.path, 'status');
  await rm(file, { force: true });
  await writeFile(join(home.path, 'line'), `${lineOf(args)}\n`);
  const terminal = await TmuxTerminal.open(
    { columns: 80, rows: 24 },
    { PATH: process.env.PATH ?? '', HOME: home.path, BOXLITE_HOME: home.path },
  );
  await terminal.type(`cd; sh -c 'trap : HUP; . ./line; echo $? > draft; mv draft status'`);
  await terminal.until(/^ready$/m);
  await terminal[Symbol.asyncDispose]();
  return lookUntil(
    () => readFile(file, 'utf8').catch(() => ''),
    (status) => status !== '',
  );
}

async function terminalOf(cli: RunningCli): Promise<string> {
  const [, name] = await cli.output(/(\/dev\/pts\/\d+)/);
  if (name === undefined) throw new Error('the terminal did not say its name');
  return name;
}

describe('-t', () => {
  it('gives a terminal of the caller’s size, and the command’s code', async () => {
    const cli = onTerminal(['run', '--rm', '-it', 'busybox', 'sh', '-c', 'tty; stty size; exit 4']);
    const { status, stdout } = await cli.result;
    expect(status).toBe(4);
    expect(stdout.toString()).toMatch(/\/dev\/(pts\/0|console)\r\n40 100\r\n$/);
  });

  it('echoes and edits lines as a terminal does', async () => {
    const cli = onTerminal([
      'run',
      '--rm',
      '-it',
      'busybox',
      'sh',
      '-c',
      'echo ready; read x; echo "<$x>"',
    ]);
    await cli.output(/ready/);
    cli.child.stdin.write('abX\u007fc\r');
    await cli.output(/<abc>/);
    expect((await cli.result).status).toBe(0);
  });

  it('passes ctrl-c to the box', async () => {
    const script = 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 1; done';
    const cli = onTerminal(['run', '--rm', '-it', 'busybox', 'sh', '-c', script]);
    await cli.output(/ready/);
    cli.child.stdin.write('\u0003');
    await cli.output(/interrupted/);
    expect((await cli.result).status).toBe(3);
  });

  it('follows when the window is resized', async () => {
    const script = 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 1; done';
    const cli = onTerminal(['run', '--rm', '-it', 'busybox', 'sh', '-c', script]);
    const terminal = await terminalOf(cli);
    await cli.output(/ready/);
    await execute('stty', ['-F', terminal, 'rows', '33', 'cols', '77']);
    await cli.output(/33 77/);
    expect((await cli.result).status).toBe(0);
  });

  it('detaches by ctrl-p ctrl-q, and the box goes on', async () => {
    const cli = onTerminal([
      'run',
      '-it',
      '--name',
      'left',
      'busybox',
      'sh',
      '-c',
      'echo ready; exec sleep 6000',
    ]);
    await cli.output(/ready/);
    cli.child.stdin.write('\u0010\u0011');
    expect((await cli.result).status).toBe(0);
    expect(await home.ok(['ps', '--format', '{{.Names}}'])).toBe('left');
    await home.ok(['rm', '-f', 'left']);
  });

  it('needs no terminal of the caller’s without -i', async () => {
    expect(await home.ok(['run', '--rm', '-t', 'busybox', 'sh', '-c', 'tty; echo hi'])).toMatch(
      /^\/dev\/(pts\/0|console)\r\nhi\r$/,
    );
  });

  it('sends signals on, as without it', async () => {
    const cli = onTerminal(
      ['run', '--rm', '-it', 'busybox', 'sh', '-c', TRAPPED],
      'echo pid=$$; exec',
    );
    const [, pid] = await cli.output(/pid=(\d+)/);
    await cli.output(/ready/);
    process.kill(Number(pid), 'SIGTERM');
    await cli.output(/caught/);
    expect((await cli.result).status).toBe(5);
  });

  it('ends the command, and itself quietly, when the terminal is closed', async () => {
    const host = ['run', '-d', '--name', 'host', 'busybox', 'sleep', '6000'];
    await home.ok(host);
    const run = ['run', '--rm', '-it', '--name', 'closed', 'busybox', 'sh', '-c', TRAPPED];
    const exec = ['exec', '-it', 'host', 'sh', '-c', 'echo ready; exec sh'];
    for (const [args, status] of [
      [run, '5\n'],
      [exec, '129\n'],
    ] as const)
      expect(await statusAfterClosing(args)).toBe(status);
    expect(await home.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('host');
    await home.ok(['rm', '-f', 'host']);
  });

  it('is there for exec', async () => {
    await home.ok(['run', '-d', '--name', 'host', 'busybox', 'sleep', '6000']);
    const cli = onTerminal(['exec', '-it', 'host', 'sh', '-c', 'stty size; exit 6']);
    const { status, stdout } = await cli.result;
    expect(status).toBe(6);
    expect(stdout.toString()).toMatch(/40 100\r\n$/);
    await home.ok(['rm', '-f', 'host']);
  });

  it('leaves the caller’s terminal as it was', async () => {
    const settings = "stty -g; '" + BOXLITE + "' run --rm -it busybox true; stty -g";
    const { stdout } = await start('script', ['-qec', settings, '/dev/null'], {
      env: { HOME: home.path, BOXLITE_HOME: home.path, TERM: 'xterm', SHELL: '/bin/sh' },
    }).result;
    const [before, after] = stdout.toString().trim().split('\r\n');
    expect(before).toMatch(/^[0-9a-f:]+$/);
    expect(after).toBe(before);
  });
});

describe('in the background of a terminal, where `timeout` puts what it runs', () => {
  const script = 'trap "echo caught; exit 5" TERM; while :; do echo ready; sleep 1; done';
  const command = ['busybox', 'sh', '-c', script];

  it.each([
    ['run -it', [], ['run', '--rm', '-it', '--name', 'own', ...command]],
    ['run -i', [], ['run', '--rm', '-i', '--name', 'own', ...command]],
    ['start -ai', ['create', '-it', '--name', 'own', ...command], ['start', '-ai', 'own']],
    ['attach', ['run', '-dit', '--name', 'own', ...command], ['attach', 'own']],
    [
      'exec -it',
      ['run', '-d', '--name', 'own', 'busybox', 'sleep', '6000'],
      ['exec', '-it', 'own', ...command.slice(1)],
    ],
  ])('%s shows the output, and TERM reaches the command', async (_verb, before, args) => {
    if (before.length > 0) await home.ok(before);
    const line = `sh -c 'echo pid=$$; exec timeout 90 "$@"' sh ${lineOf(args)}; echo status=$?`;
    const cli = start('script', ['-qec', line, '/dev/null'], {
      env: { HOME: home.path, BOXLITE_HOME: home.path, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    const [, pid] = await cli.output(/pid=(\d+)/);
    await cli.output(/ready/);
    // If the CLI were in the background, the shell would read this.
    cli.child.stdin.write('typed\n');
    await cli.output(/typed[^]*ready/);
    process.kill(Number(pid), 'SIGTERM');
    await cli.output(/caught[^]*status=5/);
    await cli.result;
    if (before.length > 0) await home.ok(['rm', '-f', 'own']);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  it('a job is brought to the foreground, stopped there and continued', async () => {
    await using screen = await TmuxTerminal.open(
      { columns: 80, rows: 24 },
      { PATH: process.env.PATH ?? '', HOME: home.path, BOXLITE_HOME: home.path },
    );
    const status = join(home.path, 'terminal');
    await screen.type(`tty > ${status}; clear`);
    const name = (
      await lookUntil(
        () => readFile(status, 'utf8').catch(() => ''),
        (text) => text !== '',
      )
    ).trim();
    const isRaw = async (): Promise<boolean> =>
      (await execute('stty', ['-a', '-F', name])).stdout.includes('-icanon');
    const script = 'echo begun; exec cat';
    const job = ['run', '--rm', '-it', '--name', 'job', 'busybox', 'sh', '-c'];
    await screen.type(`${lineOf([...job, script])} &`);
    await screen.until(/^(host\$ )?begun$/m);
    await screen.type('echo at-shell=$?');
    await screen.until(/^at-shell=0$/m);
    await screen.type('clear; fg');
    await lookUntil(isRaw, (raw) => raw);
    await screen.type('one');
    await screen.until(/^one\none$/m);

    const cli = async (): Promise<number> =>
      (await home.processes()).find(({ command }) => command.startsWith('node '))?.pid ?? 0;
    const stop = async (signal: NodeJS.Signals): Promise<void> => {
      process.kill(await cli(), signal);
      await screen.until(/Stopped[^]*host\$ ?$/);
    };
    await stop('SIGSTOP');
    // The stop has left the terminal in a mode in which Return does not end a line and input is not echoed.
    await screen.press('C-j');
    await screen.type('stty sane; clear; echo back=$?');
    await screen.press('C-j');
    await screen.until(/^back=0$/m);
    // The shell alone is told.
    await screen.resize({ columns: 70, rows: 20 });
    await screen.type('clear; fg');
    await lookUntil(isRaw, (raw) => raw);
    await screen.type('two');
    await screen.until(/^two\ntwo$/m);
    const size = (): Promise<string> =>
      home.ok(['exec', 'job', 'sh', '-c', 'stty size < /proc/1/fd/0']);
    expect(await lookUntil(size, (seen) => seen !== '24 80')).toBe('20 70');

    await stop('SIGTSTP');
    await screen.type('clear; echo again=$?');
    await screen.until(/^again=0$/m);
    await screen.type('clear; fg');
    await lookUntil(isRaw, (raw) => raw);
    await screen.type('three');
    await screen.until(/^three\nthree$/m);
    await screen.press('C-d');
    await screen.until(/host\$ ?$/);
    await screen.type('echo end=$?');
    await screen.until(/^end=0$/m);

    await screen.type(`clear; ${lineOf([...job, TRAPPED])}`);
    await screen.until(/^ready$/m);
    await stop('SIGSTOP');
    await screen.type('stty sane; kill %1; kill -CONT %1 #');
    await screen.press('C-j');
    await lookUntil(cli, (pid) => pid === 0);
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });
});
