/** Parses the options of `ps` that decide how processes are shown. */
import { BoxliteError } from '../../errors.js';
import { PROCESS_COLUMNS, type ProcessColumn } from '../output/rows/process-columns.js';
import { closest } from '../parse/closest.js';

export interface PsLayout {
  readonly columns: readonly ProcessColumn[];
  /** Sort keys in order of priority; without any, processes are sorted by PID. */
  readonly sort: readonly PsSort[];
}

export interface PsSort {
  readonly column: ProcessColumn;
  readonly descending: boolean;
}

const LAYOUTS = {
  short: ['pid', 'tname', 'time', 'ucmd'],
  bsdShort: ['pid', 'tname', 'stat', 'bsdtime', 'args'],
  byUser: 'user pid %cpu %mem vsz rss tname stat bsdstart bsdtime args'.split(' '),
  full: 'user=UID pid ppid c stime tname time cmd'.split(' '),
  extraFull: 'user=UID pid ppid c sz rss psr stime tname time cmd'.split(' '),
} as const;

const KNOWN = 'top knows aux, ax, -e, -A, -f, -F, -o COLUMN,... and --sort COLUMN,...';

/** The state while the words are parsed. */
interface Draft {
  /** The layout when no option chooses one. */
  usual: keyof typeof LAYOUTS;
  layout: keyof typeof LAYOUTS | undefined;
  columns: ProcessColumn[];
  sort: PsSort[];
}

/**
 * Every layout shows all processes of the box, since there are no others to choose from.
 * @param words the words after the box; none = `-ef`
 * @throws BoxliteError that names the unknown word
 */
export function parsePsOptions(words: readonly string[]): PsLayout {
  const draft: Draft = { usual: 'short', layout: undefined, columns: [], sort: [] };
  const left = words.length === 0 ? ['-ef'] : [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift())
    readWord(draft, word, left);
  if (draft.columns.length > 0 && draft.layout !== undefined)
    throw new BoxliteError('invalid-argument', 'conflicting format options', {
      hint: 'give -o COLUMN,... or a layout, not both',
    });
  const columns =
    draft.columns.length > 0
      ? draft.columns
      : LAYOUTS[draft.layout ?? draft.usual].flatMap(columnsOf);
  // Docker finds the box's processes by this column.
  if (!columns.some(({ header }) => header === 'PID'))
    throw new BoxliteError('invalid-argument', "Couldn't find PID field in ps output", {
      hint: 'name pid among the columns',
    });
  return { columns, sort: draft.sort };
}

/** @param left the words after it, from which it takes its value */
function readWord(draft: Draft, word: string, left: string[]): void {
  const [, name, value] = /^(--[a-z]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (name === '--sort') draft.sort.push(...sortOf(value ?? valueOf(name, left)));
  else if (name === '--format') draft.columns.push(...columnsOf(value ?? valueOf(name, left)));
  else if (isBsd(word)) readBsd(draft, word, left);
  else if (/^-[^-]/.test(word)) readLetters(draft, word, left);
  else throw unknown(word);
}

/** `aux`, `axo pid,args`; a leading `-` is common, if wrong. */
function isBsd(word: string): boolean {
  return /^-?[auxw]+o?$/.test(word) && word.includes('a') && word.includes('x');
}

function readBsd(draft: Draft, word: string, left: string[]): void {
  draft.usual = 'bsdShort';
  if (word.includes('u')) draft.layout = 'byUser';
  if (word.endsWith('o')) draft.columns.push(...columnsOf(valueOf(word, left)));
}

/** `-ef`, `-eo pid,args`, `-opid` */
function readLetters(draft: Draft, word: string, left: string[]): void {
  for (const [at, letter] of Array.from(word).entries()) {
    if (letter === 'o') {
      draft.columns.push(...columnsOf(word.slice(at + 1) || valueOf('-o', left)));
      return;
    }
    if (letter === 'F') draft.layout = 'extraFull';
    else if (letter === 'f') draft.layout ??= 'full';
    else if (!'-eAw'.includes(letter)) throw unknown(`-${letter}`);
  }
}

/** `pid,user=WHO`: the header follows the `=`; it may contain commas and extends to the end. */
function columnsOf(text: string): ProcessColumn[] {
  const [, names = '', header] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const columns = names.split(/[\s,]+/).map(columnOf);
  const last = columns.at(-1);
  return header === undefined || last === undefined
    ? columns
    : [...columns.slice(0, -1), { ...last, header }];
}

function columnOf(name: string): ProcessColumn {
  const column = Object.hasOwn(PROCESS_COLUMNS, name) ? PROCESS_COLUMNS[name] : undefined;
  if (column === undefined) throw unknownColumn(name);
  return column;
}

function sortOf(text: string): PsSort[] {
  return text.split(',').map((key) => ({
    column: columnOf(key.replace(/^[+-]/, '')),
    descending: key.startsWith('-'),
  }));
}

function valueOf(name: string, left: string[]): string {
  const value = left.shift();
  if (value === undefined)
    throw new BoxliteError('invalid-argument', `ps option ${name} needs an argument`, {
      hint: `columns are ${Object.keys(PROCESS_COLUMNS).join(', ')}`,
    });
  return value;
}

function unknown(word: string): BoxliteError {
  return new BoxliteError('unsupported', `ps option ${word} is not supported`, { hint: KNOWN });
}

function unknownColumn(name: string): BoxliteError {
  const names = Object.keys(PROCESS_COLUMNS);
  const meant = name === '' ? undefined : closest(name, names);
  return new BoxliteError('invalid-argument', `unknown user-defined format specifier "${name}"`, {
    hint: meant === undefined ? `known are ${names.join(', ')}` : `did you mean ${meant}?`,
  });
}
