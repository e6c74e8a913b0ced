import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildGuestProgram } from '../helpers/guest-program.js';
import { lookUntil } from '../helpers/look-until.js';
import { useHome } from '../helpers/test-home.js';

const home = useHome();
afterEach(home.forgetFailure);

let program: Buffer;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'boxlite-seccomp-'));
  program = await readFile(await buildGuestProgram(directory, 'refused-calls'));
  await rm(directory, { recursive: true });
});

/** Set-user-ID, so that it also shows whether the bit has an effect. */
const INSTALL = 'cat > /tmp/try && chmod 4755 /tmp/try';

/** Names of calls, as in test/helpers/refused-calls.c, grouped by the kernel's answer. */
interface Answers {
  refused: string[];
  missing: string[];
}

function answersOf(output: string): Answers {
  const lines = output.split('\n').map((line) => line.split(' '));
  const named = (errno: string): string[] =>
    lines.filter(([, answer]) => answer === errno).map(([name = '']) => name);
  expect(lines.length).toBeGreaterThan(50);
  return { refused: named('EPERM'), missing: named('ENOSYS') };
}

const isX64 = process.arch === 'x64';

/** Calls that need CAP_SYS_ADMIN. */
const ADMINS = [
  ...['unshare-user', 'unshare-nothing', 'clone-user', 'clone-net', 'setns', 'mount', 'umount2'],
  ...['open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr'],
  ...['quotactl', 'syslog', 'sethostname', 'lookup_dcookie', 'bpf', 'perf_event_open'],
  ...(isX64 ? ['i386-unshare-user'] : []),
];
/** Calls that need other capabilities, or none. */
const OTHERS = [
  ...['pivot_root', 'open_by_handle_at', 'swapon', 'swapoff', 'add_key', 'request_key', 'keyctl'],
  ...['settimeofday', 'clock_settime', 'acct', 'reboot', 'kexec_load', 'init_module'],
  ...['finit_module', 'delete_module', 'userfaultfd', 'io_uring_setup', 'io_uring_enter'],
  ...['io_uring_register', 'socket-vsock', 'socket-alg', 'kcmp', 'pidfd_getfd', 'process_madvise'],
  ...['personality-known-addresses', 'get_mempolicy', 'set_mempolicy', 'move_pages'],
  ...(isX64 ? ['iopl', 'ioperm', 'i386-iopl'] : []),
];
/** The kernel itself would allow these for every user. */
const OPEN_TO_ALL = ['unshare-user', 'clone-user', 'keyctl', 'io_uring_setup', 'request_key'];
const UNKNOWN = ['unknown', ...(isX64 ? ['x32-getpid'] : [])];
const DEFAULT: Answers = {
  refused: [...ADMINS, ...OTHERS].sort(),
  missing: ['clone3', ...UNKNOWN].sort(),
};

async function answersIn(...args: string[]): Promise<Answers> {
  const { refused, missing } = answersOf(await home.ok(args, { input: program }));
  return { refused: refused.sort(), missing: missing.sort() };
}

const answersOfBox = (...flags: string[]): Promise<Answers> =>
  answersIn('run', '--rm', '-i', ...flags, 'busybox', 'sh', '-c', `${INSTALL} && /tmp/try`);

describe('the filter of system calls', () => {
  const STATUS = 'grep -hE "^(NoNewPrivs|Seccomp):" /proc/[12]/status /proc/self/status';
  const CONFINED = 'NoNewPrivs:\t0\nSeccomp:\t2';

  beforeAll(async () => {
    const check = ['--health-cmd', 'grep Seccomp: /proc/self/status', '--health-interval', '1h'];
    const soon = ['--health-start-period', '1h', '--health-start-interval', '1s'];
    await home.ok([
      'run',
      '-d',
      '--name',
      'box',
      '--init',
      ...check,
      ...soon,
      'busybox',
      'sleep',
      '6000',
    ]);
    await home.ok(['exec', '-i', 'box', 'sh', '-c', INSTALL], { input: program });
  });
  afterAll(() => home.ok(['rm', '-f', 'box']));

  it('is around the command, its init, and what exec runs', async () => {
    expect(await home.ok(['exec', 'box', 'sh', '-c', STATUS])).toBe(
      [CONFINED, CONFINED, CONFINED].join('\n'),
    );
  });

  it.each([[[]], [['--user', '1000']]])('refuses what Docker’s does, to exec %j', async (flags) => {
    expect(await answersIn('exec', ...flags, 'box', '/tmp/try')).toEqual(DEFAULT);
  });

  it('is not around exec --privileged', async () => {
    const { refused } = await answersIn('exec', '--privileged', 'box', '/tmp/try');
    expect(refused).toEqual([]);
  });

  it('leaves set-user-ID programs what they are', async () => {
    expect(await home.ok(['exec', '--user', '1000', 'box', '/tmp/try', 'user'])).toBe('0');
  });

  it('is around the checks of the box’s health', async () => {
    const output = '{{range .State.Health.Log}}{{.Output}}{{end}}';
    const look = (): Promise<string> => home.ok(['inspect', '-f', output, 'box']);
    expect(await lookUntil(look, (text) => text !== '')).toMatch(/^Seccomp:\t2/);
  });

  it('is around the box’s own command', async () => {
    expect(await answersOfBox('--cap-drop', 'ALL')).toEqual({
      ...DEFAULT,
      refused: [...DEFAULT.refused, 'chroot'].sort(),
    });
  });

  it('goes by the capabilities of the box, whoever its user is', async () => {
    const asAdmin = await answersOfBox('--cap-add', 'SYS_ADMIN');
    expect(asAdmin.refused).toEqual([...OTHERS].sort());
    expect(asAdmin.missing).not.toContain('clone3');
    const asUser = await answersOfBox('--cap-add', 'SYS_ADMIN', '--user', '1000');
    expect(asUser.refused).not.toContain('unshare-user');
  });

  it('is not around a privileged box', async () => {
    expect((await answersOfBox('--privileged')).refused).toEqual([]);
  });

  it('goes by seccomp=unconfined, and the kernel’s own answers stay', async () => {
    const { refused } = await answersOfBox('--security-opt', 'seccomp=unconfined');
    expect(refused.filter((name) => OPEN_TO_ALL.includes(name))).toEqual([]);
    expect(refused).toEqual(expect.arrayContaining(['reboot', 'init_module', 'swapon']));
  });
});

it('no-new-privileges makes a set-user-ID program an ordinary one, to exec as well', async () => {
  const opt = ['--security-opt', 'no-new-privileges:true'];
  await home.ok(['run', '-d', '--name', 'renounced', ...opt, 'busybox', 'sleep', '6000']);
  await home.ok(['exec', '-i', 'renounced', 'sh', '-c', INSTALL], { input: program });
  const user = (...flags: string[]): Promise<string> =>
    home.ok(['exec', '--user', '1000', ...flags, 'renounced', '/tmp/try', 'user']);
  expect([await user(), await user('--privileged')]).toEqual(['1000', '1000']);
  const options = '{{json .HostConfig.SecurityOpt}}';
  expect(await home.ok(['inspect', '-f', options, 'renounced'])).toBe('["no-new-privileges"]');
  await home.ok(['rm', '-f', 'renounced']);
});
