import type { CrashPoint } from '../../src/engine/machine/crash-point.js';

/** Marks its disk once, prints the mark, and ends on TERM. */
const MARK =
  'test -e /mark || { cat /proc/sys/kernel/random/uuid > /mark; sync; }; ' +
  'trap "exit 0" TERM; echo up $(cat /mark); sleep 6000 & wait';
/** A file of the image. */
export const PROGRAM = '/bin/busybox';
export const WORK = ['busybox', 'sh', '-c', MARK];

/** The state of the box before a command, and the command. */
export interface Scene {
  before: 'none' | 'created' | 'running' | 'paused' | 'stopped';
  command: readonly string[];
  /** Options of the box. */
  options?: readonly string[];
}

export const scenes = {
  create: { before: 'none', command: ['create', '--name', 'victim', ...WORK] },
  'a first start': { before: 'created', command: ['start', 'victim'] },
  'a later start': { before: 'stopped', command: ['start', 'victim'] },
  'a start that makes a template': {
    before: 'created',
    command: ['start', 'victim'],
    options: ['-m', '144'],
  },
  'a start that makes another template': {
    before: 'created',
    command: ['start', 'victim'],
    options: ['-m', '160'],
  },
  'a start that makes an image’s template': {
    before: 'created',
    command: ['start', 'victim'],
    options: ['--disk-size', '3g'],
  },
  'a start that makes another image’s template': {
    before: 'created',
    command: ['start', 'victim'],
    options: ['--disk-size', '4g'],
  },
  'run in the foreground': {
    before: 'none',
    command: ['run', '--name', 'victim', 'busybox', 'true'],
  },
  'run --rm in the foreground': {
    before: 'none',
    command: ['run', '--rm', '--name', 'victim', 'busybox', 'true'],
  },
  exec: { before: 'running', command: ['exec', 'victim', 'sh', '-c', 'echo in; exec sleep 6000'] },
  'export of a running box': { before: 'running', command: ['export', 'victim'] },
  'export of a stopped box': { before: 'stopped', command: ['export', 'victim'] },
  'cp into a running box': { before: 'running', command: ['cp', './blob', 'victim:/blob'] },
  'cp into a stopped box': { before: 'stopped', command: ['cp', './blob', 'victim:/blob'] },
  'cp into a new box': { before: 'created', command: ['cp', './blob', 'victim:/blob'] },
  'cp out of a running box': { before: 'running', command: ['cp', `victim:${PROGRAM}`, './out'] },
  'cp out of a stopped box': { before: 'stopped', command: ['cp', `victim:${PROGRAM}`, './out'] },
  pause: { before: 'running', command: ['pause', 'victim'] },
  unpause: { before: 'paused', command: ['unpause', 'victim'] },
  update: { before: 'running', command: ['update', '--restart', 'always', 'victim'] },
  restart: { before: 'running', command: ['restart', 'victim'] },
  stop: { before: 'running', command: ['stop', 'victim'] },
  // The box's first process has no handler for USR1, so only a death ends the wait.
  'a stop that is not heeded': {
    before: 'running',
    command: ['stop', '-s', 'USR1', '-t', '6000', 'victim'],
  },
  kill: { before: 'running', command: ['kill', 'victim'] },
  'rm of a stopped box': { before: 'stopped', command: ['rm', 'victim'] },
  'rm -f of a running box': { before: 'running', command: ['rm', '-f', 'victim'] },
} satisfies Record<string, Scene>;

type SceneName = keyof typeof scenes;

const CREATED = /^Created$/;
export const UP = /^Up (?!.*\(Paused\))/;
export const PAUSED = /^Up .* \(Paused\)$/;
const KILLED = /^Exited \(137\) /;
export const ENDED = /^Exited \(0\) /;
/** A restart is pending. */
export const RESTARTING = /^Restarting \(0\) /;
/** The start failed. */
const FAILED = /^Exited \(128\) /;
/** The box is gone. */
export const GONE = /^$/;

/** SIGKILL of the command itself at each crash point, with the status that the very next `ps` must show. */
export const deaths: readonly [SceneName, CrashPoint, RegExp][] = [
  ['create', 'create:inserted', CREATED],
  ['create', 'create:made', CREATED],
  ['a first start', 'start:locked', CREATED],
  ['a first start', 'start:cleared', CREATED],
  ['a first start', 'start:disk-draft', CREATED],
  ['a first start', 'start:disk-made', CREATED],
  ['a first start', 'start:shim-up', CREATED],
  ['a first start', 'start:restored', CREATED],
  ['a first start', 'start:running', UP],
  ['a first start', 'start:recorded', UP],
  ['a later start', 'start:locked', KILLED],
  ['a later start', 'start:cleared', KILLED],
  ['a later start', 'start:disk-made', KILLED],
  ['a later start', 'start:shim-up', KILLED],
  ['a later start', 'start:restored', KILLED],
  ['a later start', 'start:running', UP],
  ['a start that makes a template', 'template:begun', CREATED],
  ['a start that makes another template', 'template:saved', CREATED],
  ['a start that makes an image’s template', 'image-template:begun', CREATED],
  ['a start that makes another image’s template', 'image-template:saved', CREATED],
  ['run in the foreground', 'end:told', ENDED],
  ['run --rm in the foreground', 'end:vmm-killed', GONE],
  ['run --rm in the foreground', 'end:removed', GONE],
  ['exec', 'exec:connected', UP],
  ['exec', 'exec:started', UP],
  ['export of a running box', 'export:reading', UP],
  ['export of a stopped box', 'export:machine-up', KILLED],
  ['export of a stopped box', 'export:reading', KILLED],
  ['cp into a running box', 'copy:streaming', UP],
  ['cp into a running box', 'copy:ended', UP],
  ['cp into a stopped box', 'export:machine-up', KILLED],
  ['cp into a stopped box', 'copy:streaming', KILLED],
  ['cp into a stopped box', 'copy:ended', KILLED],
  ['cp into a new box', 'start:disk-draft', CREATED],
  ['cp into a new box', 'copy:streaming', CREATED],
  ['cp out of a running box', 'copy:streaming', UP],
  ['cp out of a running box', 'copy:ended', UP],
  ['cp out of a stopped box', 'export:machine-up', KILLED],
  ['cp out of a stopped box', 'copy:streaming', KILLED],
  ['cp out of a stopped box', 'copy:ended', KILLED],
  ['pause', 'pause:connected', UP],
  ['pause', 'pause:told', PAUSED],
  ['pause', 'pause:recorded', PAUSED],
  ['unpause', 'unpause:connected', PAUSED],
  ['unpause', 'unpause:told', UP],
  ['unpause', 'unpause:recorded', UP],
  ['update', 'update:recorded', UP],
  ['restart', 'stop:signalled', ENDED],
  ['restart', 'stop:ended', ENDED],
  ['restart', 'start:shim-up', ENDED],
  ['restart', 'start:running', UP],
  ['stop', 'stop:locked', UP],
  ['stop', 'stop:marked', UP],
  ['a stop that is not heeded', 'stop:signalled', UP],
  ['stop', 'stop:ended', ENDED],
  ['kill', 'kill:connected', UP],
  ['rm of a stopped box', 'remove:locked', KILLED],
  ['rm of a stopped box', 'remove:vmm-ended', KILLED],
  ['rm of a stopped box', 'remove:renamed', KILLED],
  ['rm of a stopped box', 'remove:forgotten', GONE],
  ['rm of a stopped box', 'remove:deleted', GONE],
  ['rm -f of a running box', 'remove:locked', UP],
  ['rm -f of a running box', 'remove:vmm-ended', KILLED],
  ['rm -f of a running box', 'remove:renamed', KILLED],
  ['rm -f of a running box', 'remove:forgotten', GONE],
];

/** SIGKILL of the box's supervisor or its VMM while the command is at that point, and its exit status. */
export const otherDeaths: readonly [SceneName, CrashPoint, RegExp, number][] = [
  ['a first start', 'start:shim-up', CREATED, 1],
  ['a first start', 'start:restored', CREATED, 1],
  ['a first start', 'start:running', KILLED, 0],
  ['a later start', 'start:shim-up', FAILED, 1],
  ['exec', 'exec:connected', KILLED, 125],
  ['exec', 'exec:started', KILLED, 125],
  ['export of a running box', 'export:reading', KILLED, 1],
  ['cp into a running box', 'copy:streaming', KILLED, 1],
  ['cp into a stopped box', 'copy:streaming', KILLED, 1],
  ['cp out of a running box', 'copy:streaming', KILLED, 1],
  ['cp out of a stopped box', 'copy:streaming', KILLED, 1],
  ['pause', 'pause:connected', KILLED, 1],
  ['unpause', 'unpause:connected', KILLED, 1],
  ['stop', 'stop:marked', KILLED, 0],
  ['a stop that is not heeded', 'stop:signalled', KILLED, 0],
  ['rm -f of a running box', 'remove:locked', GONE, 0],
];
