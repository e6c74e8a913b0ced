/** The caller's streams and signals joined to a command in a box, until either lets go. */
import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { errnoOf } from '../../errors.js';
import type { TerminalSize } from '../../engine/options.js';
import type { Execution } from '../../engine/execution.js';
import type { CommandContext, OutputStream } from '../context.js';
import { exitStatusOfSignal, Interrupted } from '../interrupted.js';
import { DetachScanner } from './detach-scanner.js';
import { enterRawMode } from './raw-mode.js';
import { catchSignals, ENDING_SIGNALS, FORWARDED_SIGNALS } from './signals.js';

export interface AttachOptions {
  /** The command has a terminal: raw input, window sizes, and both outputs as one. */
  readonly tty: boolean;
  /** The caller's stdin goes to the command. */
  readonly stdin: boolean;
  /** Signals to this process are sent on to the command; never with a terminal. */
  readonly sigProxy: boolean;
  readonly detachKeys: Uint8Array;
}

/** So many INT or TERM end the CLI although the command does not heed them. */
const FORCING_COUNT = 3;
const EPIPE_STATUS = exitStatusOfSignal('SIGPIPE');

/**
 * @param start starts the command, or joins a running one; a signal before it is done gives up
 * @returns the command's status; 0 when the person detached; 128+n when a signal ended the CLI only
 * @throws Interrupted by a signal during `start`
 */
export async function attach(
  context: CommandContext,
  options: AttachOptions,
  start: (terminal: TerminalSize | undefined) => Promise<Execution>,
): Promise<number> {
  const execution = await startUnlessInterrupted(context, () =>
    start(options.tty ? windowSize(context.stdout) : undefined),
  );
  const leaving = new Leaving();
  const undo = joinCaller(context, options, execution, leaving);
  try {
    const output = Promise.all([
      pumpOutput(execution.stdout, context.stdout, leaving),
      pumpOutput(execution.stderr, context.stderr, leaving),
    ]);
    const ended = Promise.all([execution.wait(), output]).then(([result]) => result.exitCode);
    const left = await Promise.race([ended.then(() => false), leaving.decided.then(() => true)]);
    if (!left) return await ended;

    ended.catch(() => undefined);
    execution.detach();
    return leaving.status;
  } finally {
    // The terminal is put back before anybody prints to it.
    for (const each of undo.reverse()) each?.[Symbol.dispose]();
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
    tty
      ? catchSignals(context.signals, ENDING_SIGNALS, (signal) => leaving.bySignal(signal))
      : forwardSignals(context, options, execution, leaving),
    tty ? followWindowSize(context.stdout, execution) : undefined,
    tty && stdin ? enterRawMode(context.stdin) : undefined,
    stdin ? pumpInput(context, options, execution, leaving) : undefined,
  ];
}

/** Resolves when the caller's side wants out; the status says why. */
class Leaving {
  status = 0;
  readonly decided: Promise<void>;
  #decide: () => void = () => undefined;

  constructor() {
    this.decided = new Promise((resolve) => (this.#decide = resolve));
  }
  leave(status: number): void {
    this.status = status;
    this.#decide();
  }
  bySignal(signal: NodeJS.Signals): void {
    this.leave(exitStatusOfSignal(signal));
  }
}

async function startUnlessInterrupted(
  context: CommandContext,
  start: () => Promise<Execution>,
): Promise<Execution> {
  let interrupt: (reason: Interrupted) => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => (interrupt = reject));
  const signals = catchSignals(context.signals, ENDING_SIGNALS, (signal) =>
    interrupt(new Interrupted(signal)),
  );
  const started = start();
  started.catch(() => undefined);
  try {
    return await Promise.race([started, interrupted]);
  } finally {
    signals[Symbol.dispose]();
  }
}

function forwardSignals(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): Disposable | undefined {
  if (!options.sigProxy) return undefined;
  let ending = 0;
  return catchSignals(context.signals, FORWARDED_SIGNALS, (signal) => {
    if (signal === 'SIGINT' || signal === 'SIGTERM') ending++;
    if (ending < FORCING_COUNT) {
      execution.signal(signal);
      return;
    }
    context.stderr.write(`boxlite: got ${FORCING_COUNT} SIGTERM/SIGINTs, forcefully exiting\n`);
    leaving.bySignal(signal);
  });
}

function windowSize(stream: OutputStream): TerminalSize | undefined {
  if (stream.isTTY !== true || stream.rows === undefined || stream.columns === undefined)
    return undefined;
  return { rows: stream.rows, cols: stream.columns };
}

function followWindowSize(stream: OutputStream, execution: Execution): Disposable {
  const resize = (): void => {
    const size = windowSize(stream);
    if (size !== undefined) execution.resizeTty(size);
  };
  // The window may have changed while the box was starting.
  resize();
  stream.on('resize', resize);
  return { [Symbol.dispose]: () => void stream.off('resize', resize) };
}

function pumpInput(
  context: CommandContext,
  options: AttachOptions,
  execution: Execution,
  leaving: Leaving,
): Disposable {
  const target: Writable = execution.stdin;
  // A command that closes its stdin, or ends, is no failure of ours.
  target.on('error', () => undefined);

  const detached = (): void => {
    context.stderr.write('read escape sequence\n');
    leaving.leave(0);
  };
  const scanner =
    options.tty && options.detachKeys.length > 0
      ? new DetachScanner(options.detachKeys, detached)
      : undefined;
  const source = context.stdin;
  // A terminal that hangs up gives EIO: the end of what is typed.
  const fail = (): void => void target.end();
  source.on('error', fail);
  if (scanner === undefined) source.pipe(target);
  else source.pipe(scanner).pipe(target);
  return {
    [Symbol.dispose]: () => {
      source.off('error', fail);
      source.unpipe(scanner ?? target);
      source.pause();
    },
  };
}

/** Byte for byte, at the reader's pace; ends when the source has ended, or the reader is gone. */
async function pumpOutput(source: Readable, sink: OutputStream, leaving: Leaving): Promise<void> {
  const failed = (error: Error): void => {
    // Nobody reads any more: what SIGPIPE would have done to us. The box goes on, as with Docker.
    leaving.leave(errnoOf(error) === 'EPIPE' ? EPIPE_STATUS : 125);
  };
  sink.on('error', failed);
  source.pipe(sink, { end: false });
  try {
    await finished(source, { writable: false });
  } finally {
    sink.off('error', failed);
  }
}
