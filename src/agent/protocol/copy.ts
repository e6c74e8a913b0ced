/** Exit statuses of both ends of a copy, one for each kind of failure. */
export const COPY_EXITS = {
  FAILED: 1,
  USAGE: 2,
  /** The source does not exist. */
  NO_SOURCE: 3,
  /** Something other than a directory is where one is needed. */
  NOT_DIRECTORY: 4,
  /** A file's destination ends in a slash and does not exist. */
  NO_DIRECTORY: 5,
  /** The destination's parent directory does not exist. */
  NO_PARENT: 6,
  DIRECTORY_TO_FILE: 7,
  FILE_TO_DIRECTORY: 8,
  /** The destination exists, and nothing may be replaced. */
  EXISTS: 9,
  /** The source is a directory, and only a file may be copied. */
  NOT_RECURSIVE: 10,
  /** The archive was truncated. */
  TRUNCATED: 11,
  MALFORMED: 12,
  NO_SPACE: 13,
  READ_ONLY: 14,
  PERMISSION: 15,
  UNSUPPORTED: 16,
  /** The destination is a device, a FIFO or a socket, which a copy does not replace. */
  NOT_A_FILE: 17,
} as const;
