import type { Home } from '../host/home.js';
import { closeHome } from '../host/private-files.js';
import { BoxTable } from './boxes.js';
import { connect, withFlush } from './connection.js';
import { CounterTable } from './counters.js';
import { EndpointTable } from './endpoints.js';
import { EventTable } from './events.js';
import { HostBoot } from './host-boot.js';
import { ImageTable } from './images.js';
import { LeaseTable } from './leases.js';
import { NetworkTable } from './networks.js';
import type { Row } from './row.js';
import type { SqliteDatabase, SqliteStatement } from './sqlite/sqlite.js';
import { storeError } from './sqlite/store-error.js';
import { VolumeUseTable } from './volume-uses.js';
import { VolumeTable } from './volumes.js';

export type SqlValue = string | number | null;

/**
 * The records of one home, shared by any number of processes. All calls are synchronous and take
 * well under a millisecond unless another process is writing; reads take no lock.
 */
export class Database implements Disposable {
  readonly boxes = new BoxTable(this);
  readonly events = new EventTable(this);
  readonly hostBoot = new HostBoot(this);
  readonly images = new ImageTable(this);
  readonly leases = new LeaseTable(this);
  readonly counters = new CounterTable(this);
  readonly networks = new NetworkTable(this);
  readonly endpoints = new EndpointTable(this);
  readonly volumes = new VolumeTable(this);
  readonly volumeUses = new VolumeUseTable(this);
  readonly #statements = new Map<string, SqliteStatement>();
  #othersKeptOut = false;

  private constructor(
    private readonly home: Home,
    private readonly connection: SqliteDatabase,
    /** The clock for all timestamps, in ms since the epoch. */
    readonly now: () => number,
  ) {}

  /**
   * Opens the database; creates it and the home (0700) if they are missing.
   * @throws BoxliteError `schema-newer`, `store-corrupt`, `no-space`, `permission` or `timeout`
   */
  static open(home: Home, now: () => number = Date.now): Database {
    return new Database(home, connect(home), now);
  }

  /** All rows of a SELECT. */
  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.guard(() => this.statement(sql).all(...values) as Row[]);
  }

  /** The first row of a SELECT. */
  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.guard(() => this.statement(sql).get(...values) as Row | undefined);
  }

  /** Runs an INSERT, UPDATE or DELETE. @returns how many rows it changed */
  run(sql: string, ...values: SqlValue[]): number {
    return this.guard(() => this.statement(sql).run(...values).changes);
  }

  /**
   * Runs `work` as one transaction that holds the write lock from the start, so that what it reads
   * still holds when it writes. A throw rolls everything back. The first call closes the home to
   * other users, since anything that enters it is recorded here first.
   */
  write<T>(work: () => T): T {
    if (!this.#othersKeptOut) closeHome(this.home);
    this.#othersKeptOut = true;
    return this.guard(() => this.connection.transaction(work).immediate());
  }

  /**
   * Like `write`, but on the disk when it returns: for records that nobody could recreate after a
   * power loss.
   */
  writeToDisk<T>(work: () => T): T {
    // The level can't change inside a transaction, so the outer one decides.
    if (this.connection.inTransaction) return this.write(work);
    return this.guard(() => withFlush(this.connection, () => this.write(work)));
  }

  close(): void {
    this.connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private statement(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, this.connection.name);
    }
  }
}
