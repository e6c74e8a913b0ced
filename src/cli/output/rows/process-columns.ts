/** The `ps` columns that a box supports, with the names and headers of procps. */
import type { BoxProcess } from '../../../engine/report/processes.js';
import { withoutActing } from '../../../terminal-text.js';

export interface ProcessColumn {
  readonly header: string;
  readonly text: (process: BoxProcess, now: Date) => string;
  /** The numeric value to sort by, if there is one. */
  readonly number?: (process: BoxProcess) => number;
}

const KIB = 1024;
const PAGE_BYTES = 4096;
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const WEEKDAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');

const processor = (each: BoxProcess): number => Math.min(Math.trunc(each.cpuPercent), 99);
const start = (each: BoxProcess): number => each.startedAt.getTime();
const elapsedMs = ({ startedAt }: BoxProcess, now: Date): number =>
  Math.max(now.getTime() - startedAt.getTime(), 0);

const parent = whole('PPID', (each) => each.parentPid);
const group = whole('PGID', (each) => each.processGroup);
const session = whole('SESS', (each) => each.sessionId);
const userNumber = whole('UID', (each) => each.uid);
const groupNumber = whole('GID', (each) => each.gid);
const userName = word('USER', (each) => nameOf(each.uid));
const groupName = word('GROUP', (each) => nameOf(each.gid));
const cpuShare = tenths('%CPU', (each) => each.cpuPercent);
const memoryShare = tenths('%MEM', (each) => each.memoryPercent);
const virtualKib = whole('VSZ', (each) => each.virtualBytes / KIB);
const residentKib = whole('RSS', (each) => each.residentBytes / KIB);
const cpuSeconds = whole('TIME', (each) => each.cpuMs / SECOND_MS);
const cpuClock = {
  header: 'TIME',
  text: (each: BoxProcess) => clock(each.cpuMs),
  number: (each: BoxProcess) => each.cpuMs,
};
const startDay = moment('STIME', dayOrMinute);
const terminal = word('TT', (each) => each.terminal ?? '?');
const state = word('S', (each) => each.state);
const nice = whole('NI', (each) => each.nice);
const threads = whole('NLWP', (each) => each.threads);
const name = word('COMMAND', (each) => each.name + defunct(each));
const commandLine = word('COMMAND', (each) => each.command.join(' ') + defunct(each));

export const PROCESS_COLUMNS: Readonly<Record<string, ProcessColumn>> = {
  pid: whole('PID', (each) => each.pid),
  ppid: parent,
  pgid: group,
  pgrp: { ...group, header: 'PGRP' },
  sid: { ...session, header: 'SID' },
  sess: session,
  session,
  user: userName,
  uname: userName,
  euser: { ...userName, header: 'EUSER' },
  uid: userNumber,
  euid: { ...userNumber, header: 'EUID' },
  group: groupName,
  egroup: { ...groupName, header: 'EGROUP' },
  gid: groupNumber,
  egid: { ...groupNumber, header: 'EGID' },
  c: whole('C', processor),
  pcpu: cpuShare,
  '%cpu': cpuShare,
  pmem: memoryShare,
  '%mem': memoryShare,
  vsz: virtualKib,
  vsize: virtualKib,
  rss: residentKib,
  rssize: residentKib,
  rsz: { ...residentKib, header: 'RSZ' },
  sz: whole('SZ', (each) => each.virtualBytes / PAGE_BYTES),
  stime: startDay,
  start_time: { ...startDay, header: 'START' },
  start: moment('STARTED', dayOrSecond),
  lstart: moment('STARTED', ({ startedAt }) => asctime(startedAt)),
  bsdstart: moment('START', (each, now) =>
    elapsedMs(each, now) > DAY_MS ? day(each.startedAt) : minute(each.startedAt),
  ),
  etime: age((ms) => clock(ms).replace(/^00:/, '')),
  etimes: age((ms) => integer(ms / SECOND_MS)),
  time: cpuClock,
  cputime: cpuClock,
  bsdtime: {
    ...cpuClock,
    text: ({ cpuMs }) => `${integer(cpuMs / 60_000)}:${two((cpuMs / SECOND_MS) % 60)}`,
  },
  times: cpuSeconds,
  cputimes: cpuSeconds,
  tty: terminal,
  tt: terminal,
  tname: { ...terminal, header: 'TTY' },
  stat: word('STAT', stateOf),
  s: state,
  state,
  ni: nice,
  nice,
  pri: whole('PRI', (each) => 19 - each.nice),
  nlwp: threads,
  thcount: { ...threads, header: 'THCNT' },
  psr: whole('PSR', (each) => each.processor),
  comm: name,
  ucomm: name,
  ucmd: { ...name, header: 'CMD' },
  args: commandLine,
  command: commandLine,
  cmd: { ...commandLine, header: 'CMD' },
};

function word(header: string, of: (process: BoxProcess) => string): ProcessColumn {
  return { header, text: (process) => printable(of(process)) };
}

function whole(header: string, number: (process: BoxProcess) => number): ProcessColumn {
  return { header, number, text: (process) => integer(number(process)) };
}

function tenths(header: string, number: (process: BoxProcess) => number): ProcessColumn {
  return { header, number, text: (process) => number(process).toFixed(1) };
}

function moment(header: string, text: ProcessColumn['text']): ProcessColumn {
  return { header, text, number: start };
}

function age(shown: (ms: number) => string): ProcessColumn {
  return {
    header: 'ELAPSED',
    text: (each, now) => shown(elapsedMs(each, now)),
    number: (each) => -start(each),
  };
}

/** User and group names are in the box's own files; only root is the same everywhere. */
function nameOf(id: number): string {
  return id === 0 ? 'root' : String(id);
}

function defunct({ state }: BoxProcess): string {
  return state === 'Z' ? ' <defunct>' : '';
}

/** `Ss+`: a letter for the state, then flags. */
function stateOf({ state, nice, pid, sessionId, threads, foreground }: BoxProcess): string {
  const priority = nice < 0 ? '<' : nice > 0 ? 'N' : '';
  return [
    state + priority,
    pid === sessionId ? 's' : '',
    threads > 1 ? 'l' : '',
    foreground ? '+' : '',
  ].join('');
}

/** Times of today as 14:05, older ones as Nov24, those of other years as 2025. */
function dayOrMinute({ startedAt }: BoxProcess, now: Date): string {
  if (startedAt.getFullYear() !== now.getFullYear()) return String(startedAt.getFullYear());
  return startedAt.toDateString() === now.toDateString() ? minute(startedAt) : day(startedAt);
}

function dayOrSecond(process: BoxProcess, now: Date): string {
  const { startedAt } = process;
  if (elapsedMs(process, now) > DAY_MS) return day(startedAt, ' ');
  return `${minute(startedAt)}:${two(startedAt.getSeconds())}`;
}

function asctime(at: Date): string {
  const time = `${minute(at)}:${two(at.getSeconds())}`;
  const date = String(at.getDate()).padStart(2);
  return `${WEEKDAYS[at.getDay()] ?? ''} ${MONTHS[at.getMonth()] ?? ''} ${date} ${time} ${at.getFullYear()}`;
}

function day(at: Date, gap = ''): string {
  return `${MONTHS[at.getMonth()] ?? ''}${gap}${two(at.getDate())}`;
}

function minute(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** `2-03:04:05` */
function clock(ms: number): string {
  const seconds = ms / SECOND_MS;
  const days = Math.trunc(ms / DAY_MS);
  const time = [(seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(two).join(':');
  return days > 0 ? `${days}-${time}` : time;
}

/** The box controls a command's words: an escape sequence in one must not reach the terminal. */
const printable = (text: string): string => withoutActing(text, '?');

const integer = (value: number): string => String(Math.trunc(value));

const two = (value: number): string => integer(value).padStart(2, '0');
