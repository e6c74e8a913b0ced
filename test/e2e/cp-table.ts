export interface Row {
  what: string;
  prepare: string;
  source: string;
  destination: string;
  /** The names below the destination's directory afterwards, or the message. */
  then: string | RegExp;
}

/** Used in both directions: `source` is created on one side, `prepare` sets up the other. */
export const TABLE: readonly Row[] = [
  { what: 'file to missing', prepare: '', source: 'file', destination: 'x', then: 'x' },
  {
    what: 'file to missing/',
    prepare: '',
    source: 'file',
    destination: 'x/',
    then: /no such directory: /,
  },
  { what: 'file to file', prepare: 'echo old > x', source: 'file', destination: 'x', then: 'x' },
  {
    what: 'file to file/',
    prepare: 'echo old > x',
    source: 'file',
    destination: 'x/',
    then: /not a directory: /,
  },
  {
    what: 'file to FIFO',
    prepare: 'mkfifo x',
    source: 'file',
    destination: 'x',
    then: /must be a directory or a regular file: got a FIFO/,
  },
  {
    what: 'file to directory',
    prepare: 'mkdir x',
    source: 'file',
    destination: 'x',
    then: 'x x/file',
  },
  {
    what: 'file below missing',
    prepare: '',
    source: 'file',
    destination: 'no/x',
    then: /Could not find the file|no such file or directory/,
  },
  {
    what: 'directory to missing',
    prepare: '',
    source: 'tree',
    destination: 'x',
    then: 'x x/a x/sub x/sub/b',
  },
  {
    what: 'directory to missing/',
    prepare: '',
    source: 'tree',
    destination: 'x/',
    then: 'x x/a x/sub x/sub/b',
  },
  {
    what: 'directory to file',
    prepare: 'echo old > x',
    source: 'tree',
    destination: 'x',
    then: /cannot copy directory: /,
  },
  {
    what: 'directory to directory',
    prepare: 'mkdir x',
    source: 'tree',
    destination: 'x',
    then: 'x x/tree x/tree/a x/tree/sub x/tree/sub/b',
  },
  {
    what: 'contents to directory',
    prepare: 'mkdir x',
    source: 'tree/.',
    destination: 'x',
    then: 'x x/a x/sub x/sub/b',
  },
  {
    what: 'contents to missing',
    prepare: '',
    source: 'tree/.',
    destination: 'x',
    then: 'x x/a x/sub x/sub/b',
  },
  {
    what: 'missing source',
    prepare: '',
    source: 'nope',
    destination: 'x',
    then: /Could not find the file|no such file or directory/,
  },
  {
    what: 'file as directory',
    prepare: '',
    source: 'file/',
    destination: 'x',
    then: /not a directory: /,
  },
  {
    what: 'file to a link',
    prepare: 'mkdir y; ln -s y/t x',
    source: 'file',
    destination: 'x',
    then: 'x y y/t',
  },
  {
    what: 'directory over a file inside',
    prepare: 'mkdir x; echo 1 > x/tree',
    source: 'tree',
    destination: 'x',
    then: /cannot copy directory: /,
  },
  {
    what: 'file over a directory inside',
    prepare: 'mkdir -p x/file',
    source: 'file',
    destination: 'x',
    then: /cannot overwrite directory with non-directory/,
  },
];
