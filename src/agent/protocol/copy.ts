/** Exit statuses of both ends of a copy: what kind of failure it was. */
export const COPY_EXITS = {
  FAILED: 1,
  USAGE: 2,
  /** The source is not there. */
  NO_SOURCE: 3,
  /** A directory is needed, and something else is there. */
  NOT_DIRECTORY: 4,
  /** A file's destination ends in a slash and is not there. */
  NO_DIRECTORY: 5,
  /** The directory that the destination is in is not there. */
  NO_PARENT: 6,
  DIRECTORY_TO_FILE: 7,
  FILE_TO_DIRECTORY: 8,
  /** It is there already, and nothing may be replaced. */
  EXISTS: 9,
  /** The source is a directory, and only a file may be copied. */
  NOT_RECURSIVE: 10,
  /** The archive ended before its end. */
  TRUNCATED: 11,
  MALFORMED: 12,
  NO_SPACE: 13,
  READ_ONLY: 14,
  PERMISSION: 15,
  UNSUPPORTED: 16,
  /** The destination is a device, a FIFO or a socket, which a copy does not replace. */
  NOT_A_FILE: 17,
} as const;
