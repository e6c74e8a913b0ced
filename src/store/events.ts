import type { BoxRecord } from './box-record.js';
import type { Database } from './database.js';
import { integer, json, type Row, text } from './row.js';

/** How many of the newest events the log keeps. */
export const MOST_EVENTS = 10_000;

export interface NewEvent {
  /** Docker's term: `container` for a box, `image`, `network`, `volume`. */
  type: 'container' | 'image' | 'network' | 'volume';
  /** `start`, `die`, … */
  action: string;
  /** Id of the box or network; id or name of the image; name of the volume. */
  actor: string;
  attributes: Readonly<Record<string, string>>;
  /** When it happened, in ms since the epoch; default now. */
  time?: number;
}

export interface EventRecord extends Required<NewEvent> {
  /** Increases with each event. */
  id: number;
}

/**
 * What happened to boxes and images. Add an event in the transaction that makes the change, so that
 * each change is logged exactly once.
 */
export class EventTable {
  constructor(private readonly database: Database) {}

  add({ type, action, actor, attributes, time = this.database.now() }: NewEvent): void {
    this.database.write(() => {
      const row = this.database.get(
        `INSERT INTO events (time, type, action, actor, attributes) VALUES (?, ?, ?, ?, ?)
         RETURNING id`,
        time,
        type,
        action,
        actor,
        JSON.stringify(attributes),
      );
      const newest = row === undefined ? 0 : integer(row, 'id');
      this.database.run('DELETE FROM events WHERE id <= ?', newest - MOST_EVENTS);
    });
  }

  /** The id of the newest event; 0 before the first. */
  newest(): number {
    const row = this.database.get('SELECT coalesce(max(id), 0) AS id FROM events');
    return row === undefined ? 0 : integer(row, 'id');
  }

  /** Events written after the one with this id, in that order. */
  after(id: number): EventRecord[] {
    return this.database.all('SELECT * FROM events WHERE id > ? ORDER BY id', id).map(parseEvent);
  }

  /**
   * Events that happened at or after `since` (ms since the epoch) and were written up to `newest`,
   * in order.
   */
  since(since: number, newest: number): EventRecord[] {
    return this.database
      .all('SELECT * FROM events WHERE time >= ? AND id <= ? ORDER BY time, id', since, newest)
      .map(parseEvent);
  }
}

/** An event of a box with the attributes that Docker gives: image, name and labels. */
export function boxEvent(
  box: Pick<BoxRecord, 'id' | 'image' | 'name' | 'options'>,
  action: string,
  more: Readonly<Record<string, string>> = {},
  time?: number,
): NewEvent {
  return {
    type: 'container',
    action,
    actor: box.id,
    attributes: { ...labelsOf(box.options), image: box.image, name: box.name ?? '', ...more },
    ...(time === undefined ? {} : { time }),
  };
}

/** An event of an image. @param actor its id, or the name that was pulled */
export function imageEvent(action: string, actor: string, name: string): NewEvent {
  return { type: 'image', action, actor, attributes: { name } };
}

/** An event of a network, with Docker's attributes. @param boxId whom `connect` and `disconnect` are about */
export function networkEvent(
  network: { id: string; name: string },
  action: string,
  { boxId, time }: { boxId?: string; time?: number } = {},
): NewEvent {
  return {
    type: 'network',
    action,
    actor: network.id,
    attributes: {
      ...(boxId !== undefined && { container: boxId }),
      name: network.name,
      type: 'bridge',
    },
    ...(time !== undefined && { time }),
  };
}

/** An event of a volume, with Docker's attributes. */
export function volumeEvent(
  name: string,
  action: string,
  more: Readonly<Record<string, string>> = {},
  time?: number,
): NewEvent {
  return {
    type: 'volume',
    action,
    actor: name,
    attributes: { driver: 'local', ...more },
    ...(time !== undefined && { time }),
  };
}

function labelsOf(options: unknown): Record<string, string> {
  if (typeof options !== 'object' || options === null || !('labels' in options)) return {};
  return { ...(options.labels as Record<string, string>) };
}

function parseEvent(row: Row): EventRecord {
  return {
    id: integer(row, 'id'),
    time: integer(row, 'time'),
    type: text(row, 'type') as EventRecord['type'],
    action: text(row, 'action'),
    actor: text(row, 'actor'),
    attributes: json(row, 'attributes') as Record<string, string>,
  };
}
