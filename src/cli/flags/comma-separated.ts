import { BoxliteError } from '../../errors.js';

/** One line of CSV (RFC 4180): a field that holds a comma or a quote stands in quotes, quotes doubled. */
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
