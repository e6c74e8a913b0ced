import { BoxliteError } from '../../errors.js';

/**
 * Splits one line of CSV (RFC 4180): a field with a comma or a quote is quoted, and its quotes are doubled.
 */
export function splitFields(line: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const match = field.exec(line);
    if (match === null)
      throw new BoxliteError('invalid-argument', `a quote in ${line} is where none may be`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') return fields;
  }
}
