/** The caller's streams and signals joined to a command in a box, until either ends. */
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
  /** The command has a terminal: raw input, window sizes, and both outputs as one. */
  readonly tty: boolean;
  /** The caller's stdin goes to the command. */
  readonly stdin: boolean;
  /** Signals to this process are sent on to the command. */
  readonly sigProxy: boolean;
  readonly detachKeys: Uint8Array;
  /** The command's screen is drawn anew: whoever joins has not seen what it drew before. */
  readonly redraw?: boolean;
  /** What to do about a command that goes on although its output can't be shown. */
  readonly hint: string;
  /** Which of its outputs are shown; default both. */
  readonly outputs?: ReadonlySet<string>;
}

/** @param name of the box whose own command is attached to */
export function boxGoesOn(name: string): string {
  return `the box may still run: 'boxlite logs ${name}' shows its output, 'boxlite stop ${name}' ends it`;
}

/** So many INT or TERM end the CLI although the command does not heed them. */
const FORCING_COUNT = 3;
const KILLED_STATUS = exitStatusOfSignal('SIGKILL');
const EPIPE_STATUS = exitStatusOfSignal('SIGPIPE');

/**
 * @param start starts the command, or joins a running one; `signal` aborts when a signal to this process gives up
 * @returns the command's status; 0 when the person detached; 128+n when signals forced the CLI out
 * @throws Interrupted by a signal during `start`, or by one that is not sent on
 * @throws io when what the command writes can't be shown
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
    // The terminal is put back before anybody prints to it.
    for (const each of undo.reverse()) each?.[Symbol.dispose]();
    context.stderr.write(leaving.farewell);
  }
}

/** Starts the command; a signal that comes when it has just started is sent on to it. */
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

/** A box that is killed without its agent, as by `rm -f`, takes its commands along: that is KILL for them. */
async function statusOf(execution: Execution): Promise<number> {
  try {
    return (await execution.wait()).exitCode;
  } catch (error) {
    if (error instanceof BoxliteError && error.code === 'box-not-running') return KILLED_STATUS;
    throw error;
  }
}

/** Signals, window size, raw mode and input, in the order they are to begin. */
function joinCaller(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): (Disposable | undefined)[] {
  const { tty, stdin } = options;
  return [
    options.sigProxy
      ? forwardSignals(context, execution, leaving)
      : catchSignals(context.signals, ENDING_SIGNALS, (signal) =>
          leaving.fail(new Interrupted(signal)),
        ),
    tty ? followWindowSize(context.stdout, execution, options.redraw === true) : undefined,
    stdin ? sendInput(context, tty, inputPump(context, options, execution, leaving)) : undefined,
  ];
}

/** Sends what stdin gives; a terminal is read only while this process is in its foreground. */
function sendInput(context: CommandContext, tty: boolean, input: TerminalUse): Disposable {
  if (context.stdin.isTTY !== true) {
    input.begin();
    return input;
  }
  const raw = tty ? rawMode(context) : undefined;
  return whileInForeground(context, {
    begin() {
      raw?.begin();
      input.begin();
    },
    pause: () => input.pause(),
    [Symbol.dispose]: () => {
      input[Symbol.dispose]();
      raw?.[Symbol.dispose]();
    },
  });
}

/** Resolves when the caller's side wants out; the status or the error says why. */
class Leaving {
  status = 0;
  error: Error | undefined;
  /** Said once the terminal is put back: till then its lines don't begin at the left. */
  farewell = '';
  readonly decided: Promise<void>;
  /** What is done when the caller's terminal is gone; undefined: the CLI leaves. */
  onHangUp: (() => void) | undefined;
  #decide: () => void = () => undefined;

  /** @param hint what to do about a command that goes on without us */
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
  execution: Execution,
  leaving: Leaving,
): Disposable {
  let ending = 0;
  let hungUp = false;
  // The terminal that is gone may be noticed before its signal has come.
  leaving.onHangUp = (): void => {
    if (!hungUp) execution.signal('SIGHUP');
    hungUp = true;
  };
  return catchSignals(context.signals, FORWARDED_SIGNALS, (signal) => {
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

function followWindowSize(stream: OutputStream, execution: Execution, redraw: boolean): Disposable {
  const resize = (): void => {
    const size = windowSize(stream);
    if (size !== undefined) execution.resizeTty(size);
  };
  // A program draws its screen anew when its window becomes another one (Docker's way).
  const now = redraw ? windowSize(stream) : undefined;
  if (now !== undefined) execution.resizeTty({ rows: now.rows + 1, cols: now.cols + 1 });
  // The window may have changed while the box was starting.
  resize();
  stream.on('resize', resize);
  return { [Symbol.dispose]: () => void stream.off('resize', resize) };
}

function inputPump(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): TerminalUse {
  const target: Writable = execution.stdin;
  // A command that closes its stdin, or ends, is no failure of ours.
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
  // A terminal that hangs up gives EIO: the end of what is typed, perhaps only after we have detached.
  const fail = (): void => void target.end();
  source.on('error', fail);
  scanner?.pipe(target);
  const sink = scanner ?? target;
  const pause = (): void => {
    source.unpipe(sink);
    source.pause();
  };
  return {
    begin() {
      source.unpipe(sink);
      source.pipe(sink);
    },
    pause,
    [Symbol.dispose]: pause,
  };
}

/** What nobody wants to see must be read all the same, or the command would stall. */
function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** Byte for byte, at the reader's pace; ends when the source has ended, or the reader is gone. */
async function pumpOutput(source: Readable, sink: OutputStream, leaving: Leaving): Promise<void> {
  const failed = (error: Error): void => {
    const errno = errnoOf(error);
    if (errno === 'EIO' && sink.isTTY === true && leaving.onHangUp !== undefined) {
      // The terminal was closed: the command receives SIGHUP, as from a shell, and nobody reads what it still prints.
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
