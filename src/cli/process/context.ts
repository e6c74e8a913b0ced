import type { ReadStream, WriteStream } from 'node:tty';
import type { BoxliteRuntime } from '../../engine/runtime.js';
import { abridged, asLine, asMessage } from '../../terminal-text.js';
import type { Settings } from '../config/settings.js';
import type { Environment } from '../flags/key-values.js';
import { writeError } from './write-error.js';

/** An input stream; it has the terminal's members if it is a terminal. */
export type InputStream = NodeJS.ReadableStream &
  Partial<Pick<ReadStream, 'isTTY' | 'isRaw' | 'setRawMode'>> & { readonly fd?: number };

export type OutputStream = NodeJS.WritableStream &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>> & {
    /** Node's own, which it calls at SIGWINCH: reads the terminal's size and emits `resize` if it differs. */
    _refreshSize?(): void;
  };

export type SignalHandler = (signal: NodeJS.Signals) => void;

export interface SignalSource {
  on(signal: NodeJS.Signals, handler: SignalHandler): unknown;
  off(signal: NodeJS.Signals, handler: SignalHandler): unknown;
}

/** Everything outside the program that a command uses, so that tests can replace it. */
export interface CommandContext {
  readonly settings: Settings;
  readonly environment: Environment;
  /** These are getters: merely touching the process' stdin opens it. */
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Signals sent to this process. */
  readonly signals: SignalSource;
  /** Whether another process group controls the terminal at the moment. */
  readonly inBackground: () => boolean;
  /** Stops this process, as ctrl-z does, until somebody continues it. */
  readonly stop: () => void;
  readonly now: () => Date;
  /** The engine on the configured home; the first call loads and opens it. */
  readonly runtime: () => Promise<BoxliteRuntime>;
}

/** Writes data for the caller; waits only while the reader is behind. @throws when it can't be written */
export async function print(context: CommandContext, text: string, hint?: string): Promise<void> {
  await write(context.stdout, text, hint);
}

/** @param hint advice if the data can't be written */
export async function write(
  stream: NodeJS.WritableStream,
  data: string | Uint8Array,
  hint?: string,
): Promise<void> {
  if (data.length === 0 || stream.write(data)) return;
  await drained(stream, hint);
}

function drained(stream: NodeJS.WritableStream, hint: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      stream.off('drain', settle).off('error', settle);
      if (error === undefined) resolve();
      else reject(writeError(stream, error, hint));
    };
    // A write that failed earlier emits no further event.
    const failed = 'errored' in stream ? stream.errored : undefined;
    stream.once('drain', settle).once('error', settle);
    if (failed instanceof Error) setImmediate(settle, failed);
  });
}

/** The part of the context that `say` and `warn` need. */
type Speaker = Pick<CommandContext, 'stderr'>;

/**
 * Prints lines for the person on stderr; stdout is for data. Everything that we print there, except errors,
 * goes through here, so no text, whoever wrote it, can control the terminal.
 */
export function say({ stderr }: Speaker, ...lines: readonly string[]): void {
  stderr.write(lines.map((line) => `${asLine(abridged(line))}\n`).join(''));
}

export function warn({ stderr }: Speaker, message: string): void {
  stderr.write(`boxlite: ${asMessage(abridged(message))}\n`);
}
