import type { ReadStream, WriteStream } from 'node:tty';
import { abridged, asLine, asMessage } from '../terminal-text.js';
import type { BoxliteRuntime } from '../engine/runtime.js';
import type { Environment } from './flags/key-values.js';
import type { Settings } from './settings.js';

/** A stream the command reads; the terminal's parts are there when it is one. */
export type InputStream = NodeJS.ReadableStream &
  Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>> & { readonly fd?: number };

export type OutputStream = NodeJS.WritableStream &
  Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;

export type SignalHandler = (signal: NodeJS.Signals) => void;

export interface SignalSource {
  on(signal: NodeJS.Signals, handler: SignalHandler): unknown;
  off(signal: NodeJS.Signals, handler: SignalHandler): unknown;
}

/** All that a command may touch of the world, so that tests can give it another. */
export interface CommandContext {
  readonly settings: Settings;
  readonly environment: Environment;
  /** Getters: merely touching the process' stdin opens it. */
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Signals sent to this process. */
  readonly signals: SignalSource;
  readonly now: () => Date;
  /** The engine on the home of the settings; loaded and opened by the first call. */
  readonly runtime: () => Promise<BoxliteRuntime>;
}

/** Writes data for the caller; waits only while the reader is behind. */
export async function print(context: CommandContext, text: string): Promise<void> {
  await write(context.stdout, text);
}

export async function write(
  stream: NodeJS.WritableStream,
  data: string | Uint8Array,
): Promise<void> {
  if (data.length === 0 || stream.write(data)) return;
  await new Promise<void>((resolve) => stream.once('drain', resolve));
}

/** What `say` and `warn` need. */
type Speaker = Pick<CommandContext, 'stderr'>;

/**
 * Lines for the person, on stderr; stdout is for data. All that we say there but errors comes through here:
 * nothing in it, whoever's text it repeats, acts on the terminal.
 */
export function say({ stderr }: Speaker, ...lines: readonly string[]): void {
  stderr.write(lines.map((line) => `${asLine(abridged(line))}\n`).join(''));
}

export function warn({ stderr }: Speaker, message: string): void {
  stderr.write(`boxlite: ${asMessage(abridged(message))}\n`);
}
