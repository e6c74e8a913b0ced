import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ShimClient } from '../../agent/client.js';
import { BoxliteError, errnoOf } from '../../errors.js';
import type { EventRecord } from '../../store/events.js';
import { isActive } from '../../store/status.js';
import type { EngineContext } from './context.js';
import { hasHealthcheck } from './health.js';
import { settle } from './observe.js';

/** Something that happened to a box, an image, a network or a volume. */
export interface BoxliteEvent {
  /** Docker's terms: `container` for a box, `image`, `network`, `volume`. */
  type: 'container' | 'image' | 'network' | 'volume';
  /**
   * `create`, `start`, `die`, `stop`, `kill`, `pause`, `unpause`, `restart`, `oom`, `rename`, `destroy`,
   * `pull`, `connect`, `disconnect`, `mount`, `unmount`, …
   */
  action: string;
  /** The box's or the network's id; the image's id or reference; the volume's name. */
  actor: string;
  /** For a box its image, name and labels; `exitCode` for `die`, `signal` for `kill`, `container` for `connect` and `mount`, … */
  attributes: Readonly<Record<string, string>>;
  time: Date;
}

export interface EventOptions {
  /** Include events from this time on; default, if `until` is missing, too: from now on. */
  since?: Date;
  /** Ends the events at this time; default: only the signal ends them. */
  until?: Date;
  /** Ends the events, without an error. */
  signal?: AbortSignal | undefined;
}

/**
 * Milliseconds after a change of the journal at which to read: the journal is written before its content is
 * visible, and on a busy host its writer may be suspended in between.
 */
const LOOK_AGAIN_MS = [5, 50, 500, 5_000];

/** Milliseconds before checking again a box that seems to run although its shim has gone. */
const WATCH_AGAIN_MS = 50;

/** Node fires timers with a longer delay at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Past events, then new ones. Nothing is polled. This watches the database's journal, and also the shims of
 * running boxes and their health records, because a box that ends or changes its health by itself writes to
 * no database. The first process to see such a change reports it, once.
 */
export async function* followEvents(
  context: EngineContext,
  { since, until, signal }: EventOptions = {},
): AsyncGenerator<BoxliteEvent, void, undefined> {
  const untilMs = until?.getTime() ?? Infinity;
  const { events } = context.database();
  await foldInEnds(context);
  using news = new News(context);
  let last = events.newest();
  if (since !== undefined || until !== undefined)
    for (const event of events.since(since?.getTime() ?? 0, last))
      if (event.time <= untilMs) yield eventOf(event);

  news.watchRunning();
  using _end = endsAt(untilMs, signal, () => news.stop());
  for (;;) {
    const written = events.after(last);
    for (const event of written) {
      last = event.id;
      news.seen(event);
      if (event.time <= untilMs) yield eventOf(event);
    }
    if (news.stopped) return;
    if (written.length === 0) await news.next();
  }
}

/** Boxes may have ended long ago without anybody recording it. */
async function foldInEnds({ home, database }: EngineContext): Promise<void> {
  const active = database()
    .boxes.list()
    .filter(({ status }) => isActive(status));
  await Promise.all(
    active.map((record) =>
      settle(home, database(), record).catch((error: unknown) => {
        // A box in an unknown state has no end to report.
        if (!(error instanceof BoxliteError)) throw error;
      }),
    ),
  );
}

/** Wakes its reader when there may be new events. */
class News implements Disposable {
  stopped = false;
  readonly #context: EngineContext;
  readonly #watcher;
  readonly #shims = new Map<string, ShimClient>();
  readonly #health = new Map<string, FSWatcher>();
  #changed = false;
  #wake: () => void = () => undefined;
  #failure: Error | undefined;
  #lookAgain: NodeJS.Timeout | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
    const database = basename(context.home.database());
    // The journal appears and disappears with its readers, so this watches its directory.
    this.#watcher = watch(context.home.root, (_event, name) => {
      if (name?.startsWith(database) === true) this.#changes();
    });
    this.#watcher.on('error', (error) => this.#fail(error));
  }

  /** Resolves when something has changed since the last call. */
  async next(): Promise<void> {
    if (!this.#changed && !this.stopped && this.#failure === undefined)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#changed = false;
    if (this.#failure !== undefined) throw this.#failure;
  }

  watchRunning(): void {
    for (const { id, status } of this.#context.database().boxes.list())
      if (isActive(status)) this.#watchBox(id);
  }

  seen({ type, action, actor }: EventRecord): void {
    if (type === 'container' && action === 'start') this.#watchBox(actor);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.#lookAgain);
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.stopped = true;
    this.#watcher.close();
    clearTimeout(this.#lookAgain);
    for (const client of this.#shims.values()) client.close();
    for (const watcher of this.#health.values()) watcher.close();
  }

  #watchBox(id: string): void {
    if (this.stopped) return;
    this.#foldIn(id).catch((error: unknown) => {
      // A box in an unknown state has no end to report yet.
      if (!(error instanceof BoxliteError)) this.#fail(error);
    });
  }

  /** Waits for the end of the box's run, and records it if nobody else has. */
  async #foldIn(id: string): Promise<void> {
    if (this.#shims.has(id)) return;
    const client = await ShimClient.connect(this.#context.home.box(id));
    if (client !== null) {
      if (this.stopped || this.#shims.has(id)) {
        client.close();
        return;
      }
      this.#shims.set(id, client);
      this.#watchHealth(id);
      await client.closed;
      this.#shims.delete(id);
      this.#health.get(id)?.close();
      this.#health.delete(id);
      client.close();
    }
    if (this.stopped) return;
    const record = this.#context.database().boxes.get(id);
    const settled =
      record !== undefined && isActive(record.status)
        ? await settle(this.#context.home, this.#context.database(), record)
        : undefined;
    this.#change();
    // It was started again, or its end is not visible yet: watch on, as nobody else would report it.
    if (settled !== undefined && isActive(settled.status)) {
      await delay(WATCH_AGAIN_MS);
      this.#watchBox(id);
    }
  }

  /**
   * The shim replaces the file with each check. Several changes within a tenth of a second are handled
   * together.
   */
  #watchHealth(id: string): void {
    const { home, database } = this.#context;
    const record = database().boxes.get(id);
    if (record === undefined || !hasHealthcheck(record)) return;
    const file = basename(home.boxFile(id, 'health'));
    try {
      const watcher = watch(home.box(id), (_event, name) => {
        if (name === file) this.#foldInHealth(id);
      });
      watcher.on('error', () => watcher.close());
      this.#health.set(id, watcher);
    } catch (error) {
      // The box is being removed.
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
    // Reads what was written before the watch began.
    this.#foldInHealth(id);
  }

  #foldInHealth(id: string): void {
    const { home, database } = this.#context;
    const record = this.stopped ? undefined : database().boxes.get(id);
    if (record === undefined || !isActive(record.status)) return;
    settle(home, database(), record).then(
      () => this.#change(),
      (error: unknown) => {
        if (!(error instanceof BoxliteError)) this.#fail(error);
      },
    );
  }

  /** Reads now, and again after each delay. */
  #changes(step = 0): void {
    this.#change();
    clearTimeout(this.#lookAgain);
    const waitMs = LOOK_AGAIN_MS[step];
    if (waitMs !== undefined && !this.stopped)
      this.#lookAgain = setTimeout(() => this.#changes(step + 1), waitMs);
  }

  #change(): void {
    this.#changed = true;
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#wake();
  }
}

function endsAt(untilMs: number, signal: AbortSignal | undefined, end: () => void): Disposable {
  const leftMs = untilMs - Date.now();
  // An end beyond a timer's range is left to the caller.
  const timer = leftMs <= LONGEST_TIMER_MS ? setTimeout(end, Math.max(leftMs, 0)) : undefined;
  if (signal?.aborted === true) end();
  signal?.addEventListener('abort', end, { once: true });
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}

function eventOf({ type, action, actor, attributes, time }: EventRecord): BoxliteEvent {
  return { type, action, actor, attributes, time: new Date(time) };
}
