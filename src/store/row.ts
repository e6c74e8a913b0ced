import { BoxliteError } from '../errors.js';

/** A row as SQLite returns it; these readers turn its columns into types. */
export type Row = Readonly<Record<string, unknown>>;

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : refuse(column, 'text');
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : refuse(column, 'an integer');
}

export function flag(row: Row, column: string): boolean {
  return integer(row, column) !== 0;
}

export function json(row: Row, column: string): unknown {
  try {
    return JSON.parse(text(row, column));
  } catch {
    return refuse(column, 'JSON');
  }
}

/** Reads a column that may be NULL. */
export function nullable<T>(
  read: (row: Row, column: string) => T,
  row: Row,
  column: string,
): T | null {
  return row[column] === null ? null : read(row, column);
}

function refuse(column: string, expected: string): never {
  throw new BoxliteError(
    'store-corrupt',
    `the database holds a ${column} that is not ${expected}`,
    {
      hint: 'restore boxlite.db in the home from a copy, or move it away',
    },
  );
}
