/** Connects the caller's streams and signals to a command in a box until either side ends. */
import { type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Execution } from '../../engine/exec/execution.js';
import type { TerminalSize } from '../../engine/spec/options.js';
import { BoxliteError, errnoOf } from '../../errors.js';
import { type CommandContext, type OutputStream, warn } from '../process/context.js';
import { exitStatusOfSignal, Interrupted } from '../process/interrupted.js';
import { untilSignal } from '../process/until-signal.js';
import { writeError } from '../process/write-error.js';
import { DetachScanner } from './detach-scanner.js';
import { type TerminalUse, whileInForeground } from './foreground.js';
import { rawMode } from './raw-mode.js';
import { catchSignals, ENDING_SIGNALS, FORWARDED_SIGNALS } from './signals.js';

export interface AttachOptions {
  /** The command has a terminal: raw input, window sizes, and one stream for both outputs. */
  readonly tty: boolean;
  /** The caller's stdin goes to the command. */
  readonly stdin: boolean;
  /** The signals of this process are forwarded to the command. */
  readonly sigProxy: boolean;
  readonly detachKeys: Uint8Array;
  /** Makes the command redraw its screen: a caller who joins late has not seen what it drew before. */
  readonly redraw?: boolean;
  /** Advice for when the command keeps running although its output can't be shown. */
  readonly hint: string;
  /** The outputs to show; both by default. */
  readonly outputs?: ReadonlySet<string>;
}

/** @param name the box whose main command is attached */
export function boxGoesOn(name: string): string {
  return `the box may still run: 'boxlite logs ${name}' shows its output, 'boxlite stop ${name}' ends it`;
}

/** This many INT or TERM signals end the CLI even if the command ignores them. */
const FORCING_COUNT = 3;
const KILLED_STATUS = exitStatusOfSignal('SIGKILL');
const EPIPE_STATUS = exitStatusOfSignal('SIGPIPE');

/**
 * @param start starts the command or joins a running one; `signal` aborts when a signal to this process
 *   cancels it
 * @returns the command's status; 0 when the person detached; 128+n when signals forced the CLI to exit
 * @throws Interrupted by a signal during `start`, or by one that is not forwarded
 * @throws io when the command's output can't be shown
 */
export async function attach(
  context: CommandContext,
  options: AttachOptions,
  start: (terminal: TerminalSize | undefined, signal: AbortSignal) => Promise<Execution>,
): Promise<number> {
  const execution = await begin(context, options, start);
  const leaving = new Leaving(options.hint);
  const undo = joinCaller(context, options, execution, leaving);
  const shown = (stream: 'stdout' | 'stderr'): boolean => options.outputs?.has(stream) ?? true;
  try {
    const output = Promise.all([
      pumpOutput(execution.stdout, shown('stdout') ? context.stdout : discard(), leaving),
      pumpOutput(execution.stderr, shown('stderr') ? context.stderr : discard(), leaving),
    ]);
    const ended = Promise.all([statusOf(execution), output]).then(([status]) => status);
    const left = await Promise.race([ended.then(() => false), leaving.decided.then(() => true)]);
    if (!left) return await ended;

    ended.catch(() => undefined);
    execution.detach();
    if (leaving.error !== undefined) throw leaving.error;
    return leaving.status;
  } finally {
    // Restore the terminal before anybody prints to it.
    for (const each of undo.reverse()) each?.[Symbol.dispose]();
    context.stderr.write(leaving.farewell);
  }
}

/** Starts the command, and forwards a signal that arrives just after the start. */
async function begin(
  context: CommandContext,
  { tty, sigProxy }: AttachOptions,
  start: (terminal: TerminalSize | undefined, signal: AbortSignal) => Promise<Execution>,
): Promise<Execution> {
  const terminal = tty ? windowSize(context.stdout) : undefined;
  let execution: Execution | undefined;
  try {
    return await untilSignal(context, async (signal) => {
      execution = await start(terminal, signal);
      return execution;
    });
  } catch (error) {
    if (execution === undefined || !sigProxy || !(error instanceof Interrupted)) throw error;
    execution.signal(error.signal);
    return execution;
  }
}

/** A box that is killed without its agent, as by `rm -f`, takes its commands with it: they report KILL. */
async function statusOf(execution: Execution): Promise<number> {
  try {
    return (await execution.wait()).exitCode;
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-not-running') return KILLED_STATUS;
    throw error;
  }
}

/** Sets up signals, window size, raw mode and input, in the order in which they must start. */
function joinCaller(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): (Disposable | undefined)[] {
  const { tty, stdin } = options;
  // A raw terminal passes ctrl-z on as a key, so whoever sends TSTP wants to stop this process.
  const isRaw = tty && stdin && context.stdin.isTTY === true;
  const forwarded = FORWARDED_SIGNALS.filter((signal) => !isRaw || signal !== 'SIGTSTP');
  return [
    options.sigProxy
      ? forwardSignals(context, forwarded, execution, leaving)
      : catchSignals(context.signals, ENDING_SIGNALS, (signal) =>
          leaving.fail(new Interrupted(signal)),
        ),
    tty ? followWindowSize(context, execution, options.redraw === true) : undefined,
    stdin ? sendInput(context, tty, inputPump(context, options, execution, leaving)) : undefined,
  ];
}

/** Forwards stdin; a terminal is read only while this process is in its foreground. */
function sendInput(context: CommandContext, tty: boolean, input: TerminalUse): Disposable {
  if (context.stdin.isTTY !== true) {
    input.begin();
    return input;
  }
  const raw = tty ? rawMode(context) : undefined;
  return whileInForeground(context, {
    begin() {
      raw?.begin();
      // Only the foreground is told of a new size.
      context.stdout._refreshSize?.();
      input.begin();
    },
    pause: () => input.pause(),
    release: raw?.release,
    [Symbol.dispose]: () => {
      input[Symbol.dispose]();
      raw?.[Symbol.dispose]();
    },
  });
}

/** Resolves when the caller's side wants to leave; the status or the error says why. */
class Leaving {
  status = 0;
  error: Error | undefined;
  /** Printed after the terminal is restored: in raw mode, lines don't start at the left edge. */
  farewell = '';
  readonly decided: Promise<void>;
  /** Runs when the caller's terminal is gone; if undefined, the CLI leaves. */
  onHangUp: (() => void) | undefined;
  #decide: () => void = () => undefined;

  /** @param hint advice about a command that keeps running without us */
  constructor(readonly hint: string) {
    this.decided = new Promise((resolve) => (this.#decide = resolve));
  }
  leave(status: number): void {
    this.status = status;
    this.#decide();
  }
  fail(error: Error): void {
    this.error = error;
    this.#decide();
  }
}

function forwardSignals(
  context: CommandContext,
  signals: readonly NodeJS.Signals[],
  execution: Execution,
  leaving: Leaving,
): Disposable {
  let ending = 0;
  let hungUp = false;
  // The hang-up may be noticed before its signal arrives.
  leaving.onHangUp = (): void => {
    if (!hungUp) execution.signal('SIGHUP');
    hungUp = true;
  };
  return catchSignals(context.signals, signals, (signal) => {
    if (signal === 'SIGHUP') hungUp = true;
    if (signal === 'SIGINT' || signal === 'SIGTERM') ending++;
    if (ending < FORCING_COUNT) {
      execution.signal(signal);
      return;
    }
    warn(context, `got ${FORCING_COUNT} SIGTERM/SIGINTs, forcefully exiting`);
    leaving.leave(exitStatusOfSignal(signal));
  });
}

function windowSize(stream: OutputStream): TerminalSize | undefined {
  if (stream.isTTY !== true || stream.rows === undefined || stream.columns === undefined)
    return undefined;
  return { rows: stream.rows, cols: stream.columns };
}

function followWindowSize(
  { stdout: stream, signals }: CommandContext,
  execution: Execution,
  redraw: boolean,
): Disposable {
  const resize = (): void => {
    const size = windowSize(stream);
    if (size !== undefined) execution.resizeTty(size);
  };
  // A program redraws its screen when its window size changes; Docker uses the same trick.
  const now = redraw ? windowSize(stream) : undefined;
  if (now !== undefined) execution.resizeTty({ rows: now.rows + 1, cols: now.cols + 1 });
  // The window may have changed while the box was starting.
  resize();
  stream.on('resize', resize);
  const continued = catchSignals(signals, ['SIGCONT'], () => stream._refreshSize?.());
  return {
    [Symbol.dispose]: () => {
      continued[Symbol.dispose]();
      stream.off('resize', resize);
    },
  };
}

function inputPump(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): TerminalUse {
  const target: Writable = execution.stdin;
  // It is not our failure if a command closes its stdin or ends.
  target.on('error', () => undefined);

  const detached = (): void => {
    leaving.farewell = 'read escape sequence\n';
    leaving.leave(0);
  };
  const scanner =
    options.tty && options.detachKeys.length > 0
      ? new DetachScanner(options.detachKeys, detached)
      : undefined;
  const source = context.stdin;
  scanner?.pipe(target);
  const sink = scanner ?? target;
  let isOurs = true;
  const end = (): void => {
    if (!isOurs) return;
    // A raw terminal's input ends only when the terminal is closed. The command must receive SIGHUP before the end
    // of its input, or a shell would take that for its user's `exit`.
    if (options.tty && source.isTTY === true) leaving.onHangUp?.();
    sink.end();
  };
  // A terminal that hangs up may give EIO, perhaps only after we have detached.
  source.on('error', end).on('end', end);
  const pause = (): void => {
    source.unpipe(sink);
    source.pause();
  };
  return {
    begin() {
      source.unpipe(sink);
      source.pipe(sink, { end: false });
    },
    pause,
    [Symbol.dispose]: () => {
      isOurs = false;
      pause();
    },
  };
}

/** Output that nobody wants must still be read, or the command would stall. */
function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** Copies byte for byte, at the reader's pace, until the source ends or the reader is gone. */
async function pumpOutput(source: Readable, sink: OutputStream, leaving: Leaving): Promise<void> {
  const failed = (error: Error): void => {
    const errno = errnoOf(error);
    if (errno === 'EIO' && sink.isTTY === true && leaving.onHangUp !== undefined) {
      // The terminal was closed: the command receives SIGHUP, as from a shell; nobody reads its output now.
      leaving.onHangUp();
      source.resume();
    } else if (errno === 'EPIPE')
      leaving.leave(EPIPE_STATUS); // what SIGPIPE would have done to us
    else leaving.fail(writeError(sink, error, leaving.hint));
  };
  sink.on('error', failed);
  source.pipe(sink, { end: false });
  try {
    await finished(source, { writable: false });
  } finally {
    sink.off('error', failed);
  }
}
