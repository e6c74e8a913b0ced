import type { LoadEvent, PullEvent } from '../../../engine/images/images.js';
import { asLine } from '../../../terminal-text.js';
import type { CommandContext, OutputStream } from '../../process/context.js';
import { fit } from '../rows/layer-line.js';
import { splitCanonical } from '../text/reference.js';
import { humanSize } from '../text/size.js';
import { LiveLines, widthOf } from './live-lines.js';
import { PullProgress } from './pull-progress.js';

/** Shows the events of a pull or a load. */
export interface PullView {
  take(event: PullEvent | LoadEvent): void;
  /** Prints a permanent line. */
  say(line: string): void;
  /** Shows the final state and stops all updates. */
  close(): void;
}

export const SILENT: PullView = {
  take: () => undefined,
  say: () => undefined,
  close: () => undefined,
};

/** Docker's lines: updated in place if a person is watching, one per step otherwise. */
export function openPullView(context: CommandContext, stream: OutputStream): PullView {
  return canMove(context, stream)
    ? new TerminalView(context, stream, new PullProgress('Downloading'))
    : new PlainView(context, stream);
}

/** On stderr, and only if a person is watching: the output of a load is the images. */
export function openLoadView(context: CommandContext): PullView {
  const { stderr } = context;
  return canMove(context, stderr)
    ? new TerminalView(context, stderr, new PullProgress('Loading layer'))
    : SILENT;
}

function canMove(context: CommandContext, stream: OutputStream): boolean {
  return stream.isTTY === true && context.settings.color;
}

class PlainView implements PullView {
  readonly #progress = new PullProgress('Downloading');

  constructor(
    private readonly context: CommandContext,
    private readonly stream: OutputStream,
  ) {}

  take(event: PullEvent | LoadEvent): void {
    if (event.type === 'resolved') this.say(pullingFrom(event.reference));
    const step = event.type === 'layer' && this.#progress.take(event, this.context.now());
    if (step) this.say(step);
  }

  say(line: string): void {
    this.stream.write(`${asLine(line)}\n`);
  }

  close(): void {
    // Every line has already been printed.
  }
}

/** The eye can't follow more, and a slow terminal has to keep up. */
const REPAINT_MS = 100;
const DEFAULT_ROWS = 24;

class TerminalView implements PullView {
  readonly #live: LiveLines;
  /** Activity other than the layers. */
  #note: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: CommandContext,
    private readonly stream: OutputStream,
    private readonly progress: PullProgress,
  ) {
    this.#live = new LiveLines(stream);
  }

  take(event: PullEvent | LoadEvent): void {
    this.#note = noteOf(event);
    if (event.type === 'resolved') this.say(pullingFrom(event.reference));
    if (event.type === 'layer') this.progress.take(event, this.context.now());
    this.#timer ??= setTimeout(() => this.#paint(), REPAINT_MS);
  }

  say(line: string): void {
    this.#live.above(asLine(line));
  }

  close(): void {
    this.#note = undefined;
    clearTimeout(this.#timer);
    this.#paint();
    this.#live.leave();
  }

  #paint(): void {
    this.#timer = undefined;
    // The last column stays empty: some terminals wrap when it is filled.
    const columns = widthOf(this.stream) - 1;
    const rows = Math.max(2, (this.stream.rows ?? DEFAULT_ROWS) - 1);
    const note = this.#note === undefined ? [] : [fit(this.#note, columns)];
    const lines = [...this.progress.lines(this.context.now(), columns, rows), ...note];
    this.#live.show(lines.map((line) => fit(asLine(line), columns)));
  }
}

function noteOf(event: PullEvent | LoadEvent): string | undefined {
  if (event.type === 'trying') return `asking for ${event.reference}`;
  if (event.type !== 'reading') return undefined;
  const of = event.total === undefined ? '' : ` of ${humanSize(event.total)}`;
  return `reading ${humanSize(event.bytes)}${of}`;
}

function pullingFrom(canonical: string): string {
  const { tag, path } = splitCanonical(canonical);
  return `${tag}: Pulling from ${path}`;
}
