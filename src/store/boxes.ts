import { BoxliteError } from '../errors.js';
import {
  type BoxPatch,
  type BoxRecord,
  type NewBox,
  parseBox,
  PATCH_COLUMNS,
} from './box-record.js';
import type { Database, SqlValue } from './database.js';
import { boxEvent } from './events.js';
import { text } from './row.js';
import type { BoxStatus } from './status.js';

/** The boxes of one home. */
export class BoxTable {
  constructor(private readonly database: Database) {}

  /** @throws BoxliteError `name-taken`, naming the box that has it */
  insert(box: NewBox): BoxRecord {
    return this.database.write(() => {
      if (box.name !== undefined && box.name !== null) this.refuseTakenName(box.name);
      const now = this.database.now();
      const row = this.database.get(
        `INSERT INTO boxes (id, name, status, created_at, updated_at, image, manifest_digest,
                            image_id, options, container_id, lock_id, auto_remove)
         VALUES (?, ?, 'configured', ?, ?, ?, ?, ?, ?, ?, (${SMALLEST_FREE_LOCK_ID}), ?)
         RETURNING *`,
        box.id,
        box.name ?? null,
        now,
        now,
        box.image,
        box.manifestDigest ?? null,
        box.imageId ?? null,
        encode('options', box.options),
        box.containerId,
        box.autoRemove === true ? 1 : 0,
      );
      if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
      const record = parseBox(row);
      this.database.events.add(boxEvent(record, 'create', {}, record.createdAt));
      return record;
    });
  }

  /** By full id. */
  get(id: string): BoxRecord | undefined {
    const row = this.database.get('SELECT * FROM boxes WHERE id = ?', id);
    return row && parseBox(row);
  }

  /** By name only. */
  named(name: string): BoxRecord | undefined {
    const row = this.database.get('SELECT * FROM boxes WHERE name = ?', name);
    return row && parseBox(row);
  }

  /**
   * By full id, else by name, else by an id prefix that only one box has. Ids may be in upper case
   * too, as ULIDs often are. A leading slash, as `inspect` prints it, is not part of the name
   * (Docker's rule).
   * @throws BoxliteError `box-ambiguous` when several ids share the prefix
   */
  find(idOrName: string): BoxRecord | undefined {
    const name = idOrName.replace(/^\//, '');
    if (name === '') return undefined;
    const id = name.toLowerCase();
    const exact =
      this.database.get('SELECT * FROM boxes WHERE id = ?', id) ??
      this.database.get('SELECT * FROM boxes WHERE name = ?', name);
    if (exact !== undefined) return parseBox(exact);
    const [first, second] = this.database.all(
      'SELECT * FROM boxes WHERE substr(id, 1, ?) = ? LIMIT 2',
      id.length,
      id,
    );
    if (first !== undefined && second !== undefined)
      throw new BoxliteError('box-ambiguous', `multiple boxes match "${idOrName}"`, {
        hint: 'give more characters of the id, or the name',
      });
    return first && parseBox(first);
  }

  /** Newest first; within one millisecond, the greater id first. */
  list(filter: { statuses?: readonly BoxStatus[] } = {}): BoxRecord[] {
    const { statuses } = filter;
    const rows = statuses
      ? this.database.all(
          `SELECT * FROM boxes WHERE status IN (${placeholders(statuses)}) ${NEWEST_FIRST}`,
          ...statuses,
        )
      : this.database.all(`SELECT * FROM boxes ${NEWEST_FIRST}`);
    return rows.map(parseBox);
  }

  /** The boxes made from an image, newest first. */
  usesImage(manifestDigest: string): BoxRecord[] {
    return this.database
      .all(`SELECT * FROM boxes WHERE manifest_digest = ? ${NEWEST_FIRST}`, manifestDigest)
      .map(parseBox);
  }

  /** Boxes that need some action once they have ended. */
  unattended(): BoxRecord[] {
    return this.database
      .all(
        `SELECT * FROM boxes WHERE (auto_remove = 1 OR wanted = 1) AND started_at IS NOT NULL
            ${NEWEST_FIRST}`,
      )
      .map(parseBox);
  }

  /**
   * Compare-and-set: moves the box to `to` and applies the patch, only if its status is one of
   * `from`.
   * @returns whether it did; of several processes that try, exactly one succeeds
   */
  transition(id: string, from: readonly BoxStatus[], to: BoxStatus, patch: BoxPatch = {}): boolean {
    const { assignments, values } = this.changes(patch);
    const changed = this.database.run(
      `UPDATE boxes SET status = ?, ${assignments} WHERE id = ? AND status IN (${placeholders(from)})`,
      to,
      ...values,
      id,
      ...from,
    );
    return changed === 1;
  }

  /**
   * Compare-and-set: records the health of the run that began at `startedAt`.
   * @returns whether it changed; of several processes that try, exactly one sees true
   */
  changeHealth(id: string, startedAt: number, health: string): boolean {
    const changed = this.database.run(
      `UPDATE boxes SET health = ? WHERE id = ? AND started_at = ? AND health IS NOT ?
       AND status IN ('running', 'stopping')`,
      health,
      id,
      startedAt,
      health,
    );
    return changed === 1;
  }

  /** Changes fields, whatever the status is. @returns whether the box exists */
  update(id: string, patch: BoxPatch): boolean {
    const { assignments, values } = this.changes(patch);
    return this.database.run(`UPDATE boxes SET ${assignments} WHERE id = ?`, ...values, id) === 1;
  }

  /**
   * @returns whether the box exists
   * @throws BoxliteError `name-taken`, naming the box that has it
   */
  rename(id: string, name: string): boolean {
    return this.database.write(() => {
      this.refuseTakenName(name);
      const before = this.get(id);
      if (before === undefined) return false;
      this.database.run(
        'UPDATE boxes SET name = ?, updated_at = ? WHERE id = ?',
        name,
        this.database.now(),
        id,
      );
      const oldName = before.name ?? '';
      this.database.events.add(boxEvent({ ...before, name }, 'rename', { oldName }));
      return true;
    });
  }

  /** Deletes the box if its status is one of `from`. @returns whether it did */
  remove(id: string, from: readonly BoxStatus[]): boolean {
    return this.database.write(() => {
      const row = this.database.get(
        `DELETE FROM boxes WHERE id = ? AND status IN (${placeholders(from)}) RETURNING *`,
        id,
        ...from,
      );
      if (row === undefined) return false;
      this.database.events.add(boxEvent(parseBox(row), 'destroy'));
      return true;
    });
  }

  private refuseTakenName(name: string): void {
    const holder = this.database.get('SELECT id FROM boxes WHERE name = ?', name);
    if (holder === undefined) return;
    throw new BoxliteError(
      'name-taken',
      `the name "${name}" is already in use by box ${text(holder, 'id')}`,
      { hint: 'remove or rename that box, or choose another name' },
    );
  }

  private changes(patch: BoxPatch): { assignments: string; values: SqlValue[] } {
    const columns = ['updated_at = ?'];
    const values: SqlValue[] = [this.database.now()];
    for (const [field, column] of Object.entries(PATCH_COLUMNS)) {
      const value = patch[field as keyof BoxPatch];
      if (value === undefined) continue;
      columns.push(`${column} = ?`);
      values.push(encode(field as keyof BoxPatch, value));
    }
    return { assignments: columns.join(', '), values };
  }
}

const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';

const SMALLEST_FREE_LOCK_ID = `
  SELECT min(candidate) FROM (SELECT 0 AS candidate UNION ALL SELECT lock_id + 1 FROM boxes)
  WHERE candidate NOT IN (SELECT lock_id FROM boxes)`;

const placeholders = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

function encode(field: keyof BoxPatch, value: unknown): SqlValue {
  const isJson = field === 'timings' || field === 'ports';
  if (field === 'options' || (isJson && value !== null)) return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError(`a box's ${field} can't be a ${typeof value}`);
}
