import { describe, expect, test } from 'vitest';
import { checkName, mergeEnv, settleSpec } from '../../../../src/engine/spec/box-spec.js';
import type { BoxOptions } from '../../../../src/engine/spec/options.js';
import { SecurityOptions } from '../../../../src/engine/spec/security.js';
import { specOf } from '../../../../src/engine/spec/stored-spec.js';
import { BoxliteError } from '../../../../src/errors.js';
import { BOX_ID, boxSpec, imageConfig } from '../engine-fixture.js';

const GIB = 2 ** 30;

describe('what the box runs', () => {
  test.each([
    // Image's ENTRYPOINT and CMD, caller's entrypoint and command → argv, how much of it is entrypoint
    [null, ['sh'], undefined, undefined, ['sh'], 0],
    [null, ['sh'], undefined, ['ls', '-l'], ['ls', '-l'], 0],
    [['/init'], null, undefined, undefined, ['/init'], 1],
    [['/init', '-v'], ['up'], undefined, undefined, ['/init', '-v', 'up'], 2],
    [['/init'], ['up'], undefined, ['down'], ['/init', 'down'], 1],
    [['/init'], ['up'], ['/mine'], undefined, ['/mine'], 1],
    [['/init'], ['up'], ['/mine'], ['now'], ['/mine', 'now'], 1],
    [['/init'], ['up'], [], ['ls'], ['ls'], 0],
    [null, ['up'], ['/mine'], undefined, ['/mine'], 1],
    [[], ['sh'], undefined, undefined, ['sh'], 0],
    [['/init'], ['up'], undefined, [], ['/init'], 1],
  ])(
    'image %j %j, asked for %j %j: %j',
    (entrypoint, cmd, ownEntrypoint, command, argv, entrypointLength) => {
      const options: BoxOptions = {
        ...(ownEntrypoint && { entrypoint: ownEntrypoint }),
        ...(command && { command }),
      };
      const spec = settleSpec(options, imageConfig({ entrypoint, cmd }), BOX_ID);
      expect(spec).toMatchObject({ argv, entrypointLength });
    },
  );

  test.each([
    ['the image has neither', {}, {}],
    ['the entrypoint is reset and the CMD goes with it', { entrypoint: [] }, { cmd: ['up'] }],
  ])('a box without a command is refused when %s', (_why, options, image) => {
    expect(() => settleSpec(options, imageConfig(image), BOX_ID)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: 'no command specified' }),
    );
  });

  test('an idle box needs no command', () => {
    const spec = settleSpec({ idle: true }, imageConfig(), BOX_ID);
    expect(spec).toMatchObject({ argv: [], idle: true });
  });
});

test('what nobody says is the default', () => {
  expect(boxSpec()).toEqual({
    cpus: 1,
    memoryMib: 512,
    diskBytes: 10 * GIB,
    shmBytes: 64 * 2 ** 20,
    argv: ['/bin/sh'],
    idle: false,
    log: { driver: 'local', maxBytes: 20_000_000, maxFiles: 5 },
    env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOSTNAME=01k0a1b2c3d4',
    ],
    workingDir: '/',
    user: '',
    hostname: '01k0a1b2c3d4',
    tty: false,
    stdin: false,
    init: false,
    network: true,
    readOnlyRoot: false,
    stopSignal: 15,
    stopTimeoutSeconds: 10,
    restart: { name: 'no', maximumRetryCount: 0 },
    timeoutMs: 0,
    labels: {},
    diffIds: ['sha256:aa', 'sha256:bb'],
    entrypointLength: 0,
    volumes: [],
    tmpfs: [],
    privileges: { privileged: false, capAdd: [], capDrop: [], ulimits: [] },
    extraHosts: [],
    annotations: {},
    exposedPorts: [],
    platform: 'linux/amd64',
  });
});

test.each<[string, BoxOptions, Parameters<typeof imageConfig>[0], object]>([
  ['the image’s user', {}, { user: 'www' }, { user: 'www' }],
  ['the caller’s user', { user: '0:0' }, { user: 'www' }, { user: '0:0' }],
  ['the image’s directory', {}, { workingDir: '/srv' }, { workingDir: '/srv' }],
  ['the caller’s directory', { workingDir: '/x' }, { workingDir: '/srv' }, { workingDir: '/x' }],
  ['the image’s stop signal', {}, { stopSignal: 'SIGQUIT' }, { stopSignal: 3 }],
  ['the caller’s stop signal', { stopSignal: 'int' }, { stopSignal: 'SIGQUIT' }, { stopSignal: 2 }],
  [
    'labels of both, the caller’s winning',
    { labels: { a: '2', c: '3' } },
    { labels: { a: '1', b: '1' } },
    { labels: { a: '2', b: '1', c: '3' } },
  ],
  ['no network', { network: 'none' }, {}, { network: false }],
  ['a stop that waits for ever', { stopTimeoutSeconds: -1 }, {}, { stopTimeoutSeconds: -1 }],
])('a box has %s', (_what, options, image, expected) => {
  expect(boxSpec(options, image)).toMatchObject(expected);
});

test('a directory to start in begins at the root', () => {
  expect(() => boxSpec({ workingDir: 'etc' })).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: "the working directory 'etc' is invalid, it needs to be an absolute path",
    }),
  );
  expect(() => boxSpec({}, { workingDir: '../etc' })).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: "the image's working directory '../etc' is invalid, it needs to be an absolute path",
      hint: 'name another with -w',
    }),
  );
  expect(boxSpec({ workingDir: '/x' }, { workingDir: '../etc' }).workingDir).toBe('/x');
});

test('a terminal brings TERM, which image and caller may change', () => {
  expect(boxSpec({ tty: true }).env).toContain('TERM=xterm');
  expect(boxSpec({ tty: true }, { env: ['TERM=dumb'] }).env).toContain('TERM=dumb');
  expect(boxSpec({ tty: true, env: ['TERM'] }).env.join()).not.toContain('TERM');
});

test('the environment is ours, then the image’s, then the caller’s', () => {
  const image = { env: ['PATH=/bin', 'LANG=C', 'A=1'] };
  const options = { hostname: 'web', env: ['A=2', 'B=3'] };
  expect(boxSpec(options, image).env).toEqual([
    'PATH=/bin',
    'HOSTNAME=web',
    'LANG=C',
    'A=2',
    'B=3',
  ]);
});

describe('the environment', () => {
  test.each([
    ['a later value wins at the earlier place', [['A=1', 'B=1'], ['A=2']], ['A=2', 'B=1']],
    ['a name without a value removes it', [['A=1', 'B=1'], ['A']], ['B=1']],
    [
      'removed and set again it comes last',
      [
        ['A=1', 'B=1'],
        ['A', 'A=3'],
      ],
      ['B=1', 'A=3'],
    ],
    ['a name that was never set may be removed', [['A']], []],
    ['an empty value is a value', [['A=']], ['A=']],
    ['everything after the first = is value', [['A=b=c=\n=']], ['A=b=c=\n=']],
    ['names differ by case', [['a=1', 'A=2']], ['a=1', 'A=2']],
    ['a name of the language’s own is like any other', [['__proto__=1']], ['__proto__=1']],
  ])('%s', (_fact, lists, merged) => {
    expect(mergeEnv(...lists)).toEqual(merged);
  });

  test.each([
    ['without a name', '=x'],
    ['that is empty', ''],
    ['with a NUL byte, which would cut it off', 'A=1\0B=2'],
  ])('refuses an entry %s', (_what, entry) => {
    expect(() => mergeEnv([entry])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('numbers', () => {
  test.each<[BoxOptions, string | undefined]>([
    [{ cpus: 1 }, undefined],
    [{ cpus: 64 }, undefined],
    [{ cpus: 1.5 }, undefined],
    [{ cpus: 0 }, 'Range of CPUs is from 0.01 to 64.00, not 0'],
    [{ cpus: 65 }, 'Range of CPUs is from 0.01 to 64.00, not 65'],
    [{ cpus: NaN }, 'Range of CPUs is from 0.01 to 64.00, not NaN'],
    [{ memoryMib: 127 }, '127 MiB of memory is too little, the minimum is 128 MiB'],
    [{ oomScoreAdj: -1000 }, undefined],
    [
      { oomScoreAdj: 1001 },
      'oom score adjustment must be a whole number from -1000 to 1000, not 1001',
    ],
    [{ diskBytes: 64 * 2 ** 20 }, undefined],
    [
      { diskBytes: 64 * 2 ** 20 - 1 },
      `disk size must be a whole number from 67108864 to ${1024 * GIB}, not 67108863`,
    ],
    [{ diskBytes: 1024 * GIB }, undefined],
    [
      { diskBytes: 1025 * GIB },
      `disk size must be a whole number from 67108864 to ${1024 * GIB}, not ${1025 * GIB}`,
    ],
    [{ shmBytes: 0 }, 'shm size must be a whole number from 4096 to 1099511627776, not 0'],
    [
      { stopTimeoutSeconds: -2 },
      'stop timeout must be a whole number from -1 to 2147483647, not -2',
    ],
    [
      { stopTimeoutSeconds: Infinity },
      'stop timeout must be a whole number from -1 to 2147483647, not Infinity',
    ],
  ])('%j: %s', (options, message) => {
    expect(messageOf(() => boxSpec(options))).toBe(message);
  });
});

describe('what a box is told of itself', () => {
  test.each<[BoxOptions, string]>([
    [{ hostname: 'a b' }, 'invalid hostname "a b"'],
    [{ domainname: '-x' }, 'invalid domain name "-x"'],
    [{ groupAdd: [''] }, '"" is neither a group\'s name nor a number'],
    [{ groupAdd: ['a\0b'] }, '"a\0b" is neither a group\'s name nor a number'],
    [{ groupAdd: Array.from({ length: 65 }, () => 'a') }, 'a box can be given 64 groups, not 65'],
    [{ ipc: 'none', shmBytes: 4096 }, 'a box without /dev/shm has no size of it'],
    [{ sysctls: { 'kernel.core_pattern': '|/x' } }, "sysctl 'kernel.core_pattern' is not allowed"],
    [{ devices: ['/dev/fuse:/etc/x'] }, '/etc/x is not a path for a device'],
    [{ deviceRules: ['x'] }, "invalid device cgroup format 'x'"],
  ])('is refused when it is %j', (options, message) => {
    expect(messageOf(() => boxSpec(options))).toBe(message);
  });

  test('may be anything of the kernel when it is privileged', () => {
    const sysctls = { 'kernel.core_pattern': '|/x' };
    expect(boxSpec({ sysctls, privileged: true }).sysctls).toEqual(sysctls);
  });
});

test.each(['a', 'Web_1.x-y', '0', 'a'.repeat(63)])('%s is a name', (name) => {
  expect(checkName(name)).toBe(name);
  // As `inspect` prints it.
  expect(checkName(`/${name}`)).toBe(name);
});

test.each(['', '_a', '-rf', '.', '..', '../x', 'a/b', 'a b', 'a\n', 'ä', 'a'.repeat(64)])(
  '%j is no name',
  (name) => {
    expect(() => checkName(name)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `invalid box name "${name}"`,
      }),
    );
  },
);

test('an unknown stop signal is refused when the box is made', () => {
  expect(messageOf(() => boxSpec({ stopSignal: 'SIGNOPE' }))).toBe('invalid signal "SIGNOPE"');
});

test('a spec comes back from the store as it went in', () => {
  const spec = boxSpec({ tty: true });
  expect(specOf(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

test('a box that was made before there was a filter has one, and may gain privileges', () => {
  const { seccomp, noNewPrivileges, ...before } = SecurityOptions.maximum();
  expect([seccomp, noNewPrivileges]).toEqual([true, true]);
  const spec = { ...boxSpec(), security: before };
  expect(specOf(spec).security).toEqual({ ...before, seccomp: true, noNewPrivileges: false });
  expect(specOf(boxSpec()).security).toBeUndefined();
});

test.each(['off', 'try', 'require'] as const)(
  'a box that was made before VMMs had namespaces has them as its VMM has a user: %s',
  (vmmUser) => {
    const { vmmNamespaces, vmmLandlock, ...before } = { ...SecurityOptions.standard(), vmmUser };
    expect([vmmNamespaces, vmmLandlock]).toEqual(['try', 'try']);
    const settled = specOf({ ...boxSpec(), security: before }).security;
    const landlock = vmmUser === 'off' ? 'off' : 'try';
    expect(settled).toEqual({ ...before, vmmNamespaces: vmmUser, vmmLandlock: landlock });
    expect(specOf({ ...boxSpec(), security: SecurityOptions.maximum() }).security).toEqual(
      SecurityOptions.maximum(),
    );
  },
);

test.each([
  [null],
  ['text'],
  [{}],
  [[]],
  [{ ...boxSpec(), cpus: '1' }],
  [{ ...boxSpec(), argv: ['sh', 1] }],
  [{ ...boxSpec(), user: undefined }],
])('%j in the store is no spec', (stored) => {
  expect(() => specOf(stored)).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
});

function messageOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'invalid-argument') return error.message;
    throw error;
  }
}
