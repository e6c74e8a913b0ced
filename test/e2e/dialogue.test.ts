import { expect, it } from 'vitest';
import { BOXLITE } from '../helpers/cli.js';
import { useHome } from '../helpers/test-home.js';
import { TmuxTerminal } from '../helpers/tmux.js';

const home = useHome();

/** A terminal in which `boxlite` is this tree's build, on this file's home. */
async function terminal(columns: number): Promise<TmuxTerminal> {
  const opened = await TmuxTerminal.open(
    { columns, rows: 24 },
    { PATH: process.env.PATH ?? '', HOME: home.path, BOXLITE_HOME: home.path, LANG: 'C.UTF-8' },
  );
  await opened.type(`boxlite() { ${BOXLITE} "$@"; }; clear`);
  return opened;
}

it('is held with a shell in a box: resize, interrupt, jobs, editor, detach, attach, end', async () => {
  await using screen = await terminal(40);
  await screen.type('boxlite run -it --name talk busybox sh');
  await screen.until(/^\/ # ?$/m);
  await screen.type('stty size');
  await screen.until(/^24 40$/m);
  await screen.resize({ columns: 60, rows: 20 });
  // Keys may arrive before the window's new size.
  await screen.type('clear; until stty size | grep "20 60"; do :; done');
  await screen.until(/^20 60$/m);

  await screen.type(`clear; sh -c 'echo begun; exec sleep 6000'`);
  await screen.until(/^begun$/m);
  await screen.press('C-c');
  await screen.type('echo code=$?');
  await screen.until(/^code=130$/m);

  // A different word, since the previous one may still be on the screen.
  await screen.type(`clear; sh -c 'echo again; exec sleep 6001'`);
  await screen.until(/^again$/m);
  await screen.press('C-z');
  await screen.until(/Stopped/);
  await screen.type('bg; jobs');
  await screen.until(/Running/);
  await screen.type('clear; fg');
  await screen.until(/^sh -c .*sleep 6001/m);
  await screen.press('C-c');
  await screen.type('echo ended=$?');
  await screen.until(/^ended=130$/m);

  // A full-screen program with single keystrokes.
  await screen.type('clear; vi /tmp/note; echo closed');
  await screen.until(/\/tmp\/note.*1\/1/);
  await screen.press('i');
  await screen.type('first line');
  await screen.press('second');
  await screen.until(/^first line\nsecond$/m);
  // A key typed right after Escape would be read as part of an escape sequence.
  await screen.press('Escape');
  await screen.until(/^- \/tmp\/note/m);
  await screen.type(':wq');
  await screen.until(/^closed\n\/ # ?$/m);
  await screen.type('clear; cat /tmp/note');
  await screen.until(/^first line\nsecond$/m);

  // The alternate screen, which must restore the first one unchanged.
  await screen.type("clear; echo before; printf '\\033[?1049hFULL'; read x; printf '\\033[?1049l'");
  await screen.until(/^FULL/m);
  expect(await screen.isAlternate()).toBe(true);
  await screen.press('Enter');
  await screen.until(/^before\n\/ # ?$/m);
  expect(await screen.isAlternate()).toBe(false);

  await screen.type('clear');
  await screen.until(/^\/ # ?$/);
  await screen.press('C-p', 'C-q');
  await screen.until(/read escape sequence\nhost\$ ?$/);
  expect(await home.ok(['ps', '--format', '{{.Names}}'])).toBe('talk');
  // The host's terminal echoes and interrupts again.
  await screen.type('echo left=$?');
  await screen.until(/^left=0$/m);

  await screen.resize({ columns: 50, rows: 20 });
  await screen.type('clear; boxlite attach talk');
  await screen.until(/^\/ # ?$/);
  await screen.type('until stty size | grep "20 50"; do :; done');
  await screen.until(/^20 50$/m);
  await screen.type('cat /tmp/note; true');
  await screen.until(/^second$/m);
  await screen.press('C-d');
  await screen.until(/^host\$ ?$/m);
  await screen.type('echo end=$?');
  await screen.until(/^end=0$/m);
  expect(await home.ok(['inspect', '-f', '{{.State.Status}}', 'talk'])).toBe('exited');
  await home.ok(['rm', 'talk']);
});

it('shows whoever attaches the screen of a program that draws it anew', async () => {
  await using screen = await terminal(60);
  await home.ok(['run', '-dit', '--name', 'editor', 'busybox', 'vi', '/etc/passwd']);
  await screen.type('boxlite attach editor');
  await screen.until(/^root:x:0:0/m);
  await screen.until(/etc\/passwd/);
  await screen.press(':');
  await screen.type('q!');
  await screen.until(/host\$ ?$/);
  expect(await home.ok(['wait', 'editor'])).toBe('0');
  await home.ok(['rm', 'editor']);
});

it('ends a command without a terminal by ctrl-c, and leaves nothing behind', async () => {
  await using screen = await terminal(40);
  const script = 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 1; done';
  await screen.type(`boxlite run --rm --name caught busybox sh -c '${script}'`);
  await screen.until(/^ready$/m);
  await screen.press('C-c');
  await screen.until(/caught\n *host\$ ?$/);
  await screen.type('echo code=$?');
  await screen.until(/^code=7$/m);
  expect(await home.ok(['ps', '-aq', '--filter', 'name=caught'])).toBe('');
});

it('shows its tables in 40 columns', async () => {
  await home.ok(['create', '--name', 'narrow', 'busybox', 'sleep', '6000']);
  await using screen = await terminal(40);
  await screen.type('clear; boxlite ps -a; boxlite images');
  const shown = await screen.until(/ nar[^]*REPO[^]*host\$ ?$/);
  for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  expect(shown.split('\n').filter((line) => line.includes(' nar'))).toHaveLength(1);
  await home.ok(['rm', 'narrow']);
});
