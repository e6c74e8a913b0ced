/**
 * Every failure that BoxLite itself detects is a `BoxliteError` with one of these codes. Check the `code`,
 * never the text of a message. Anything else that is thrown is a bug.
 */
export const ERROR_CODES = [
  'invalid-argument', // a value from the caller is malformed or out of range
  'invalid-reference', // an image reference that does not parse
  'box-not-found',
  'box-ambiguous', // an id prefix that matches several boxes
  'name-taken',
  'box-not-running',
  'box-running', // the operation needs a stopped box
  'box-state', // the box is in a state that does not allow the call
  'runtime-closed', // the runtime was closed or shut down; create a new one
  'box-busy', // another process held the box's lock for too long
  'network-not-found',
  'network-ambiguous', // an id prefix that matches several networks
  'network-in-use', // boxes that run, or are starting, are in it
  'network-full', // no address of it is free
  'address-in-use', // another box of the network has it, or the network itself
  'volume-not-found',
  'volume-in-use', // a box has it, whether it runs or not
  'image-not-found',
  'image-in-use',
  'image-corrupt', // stored or received bytes do not match their digest, size or format
  'layer-invalid', // a layer's tar breaks a rule; the message names the entry and the rule
  'archive-invalid', // a file for load or import has the wrong format
  'registry-unreachable',
  'registry-auth',
  'registry-protocol', // the registry's answer violates the specification
  'no-space', // ENOSPC or EDQUOT on the host
  'permission', // the host refused access to a file or device
  'path-not-found', // a file or directory of the host does not exist
  'host-limit', // the caller's limits or the host allow no more open files, processes or memory
  'host-io', // the host failed to read or write for another reason
  'setup-needed', // kernel, initramfs, native program or QEMU missing or too old
  'accelerator', // the requested accelerator does not work here
  'boot-failed', // the VM or its agent did not come up; `stage` says how far it got
  'vmm-failed', // the VMM refused a request or ended unexpectedly
  'protocol', // host and guest violate the protocol or differ in its version
  'exec-not-found', // the command does not exist in the box (exit status 127)
  'exec-not-invocable', // it exists but can't be run (exit status 126)
  'exec-failed', // the guest could not start the command for another reason (125)
  'output-limit', // a command wrote more than its caller allowed
  'timeout',
  'cancelled', // the caller aborted the call or disconnected; `cause` is the signal's reason
  'schema-newer', // the home was written by a newer BoxLite
  'store-corrupt', // the home's database is damaged
  'unsupported',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** An action against an error: a call of this library, or a command of its command line. */
export type RemedyAction =
  // Acts on the box that the remedy names.
  | ('start' | 'stop' | 'restart' | 'pause' | 'unpause' | 'remove')
  | ('commit' | 'exec' | 'export' | 'logs' | 'log-network' | 'disconnect')
  // Acts on the home.
  | ('list-boxes' | 'list-networks' | 'list-volumes' | 'pull' | 'load' | 'import' | 'login')
  | ('setup' | 'name-kernel' | 'doctor' | 'less-memory');

/** What to do about an error, for programs; `hint` says the same in words. */
export interface Remedy {
  action: RemedyAction;
  /** Name, or else id, of the box to act on. */
  box?: string;
  /** Name of the image to pull. */
  image?: string;
  /** Host of the registry to log in to. */
  registry?: string;
  /** Name of the network to disconnect the box from. */
  network?: string;
}

export interface BoxliteErrorOptions {
  /**
   * What to do next: one sentence in the imperative, no full stop. It ends with what `remedy` does, if there
   * is one; the caller that shows it can add how.
   */
  hint?: string;
  remedy?: Remedy;
  cause?: unknown;
  /** For `boot-failed`: jail, vmm, kernel, agent, bootstrap or exec. */
  stage?: string;
}

/**
 * `message` and `hint` may quote a registry, an image, an archive or a guest unchanged: make them safe before
 * you show them on a terminal, as the command line does.
 */
export class BoxliteError extends Error {
  override readonly name = 'BoxliteError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly remedy: Remedy | undefined;
  readonly stage: string | undefined;

  constructor(code: ErrorCode, message: string, options: BoxliteErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.remedy = options.remedy;
    this.stage = options.stage;
  }
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code;
  return undefined;
}

/**
 * Wraps a failed file-system call: the errno decides the code, and the message names the path.
 * @param doing the operation, for the message: `write /home/x/file`
 */
export function fileError(error: unknown, doing: string): BoxliteError {
  if (error instanceof BoxliteError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new BoxliteError('no-space', `no space left on the host to ${doing}`, {
      cause: error,
      hint: 'free some space, or point BOXLITE_HOME at a larger disk',
    });
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS')
    return new BoxliteError('permission', `not allowed to ${doing} (${errno})`, { cause: error });
  const short = limitError(error, doing);
  if (short !== undefined) return short;
  const reason = error instanceof Error ? error.message : String(error);
  const code = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'path-not-found' : 'host-io';
  return new BoxliteError(code, `can't ${doing}: ${withoutPath(reason, doing)}`, { cause: error });
}

const NAMED_FILE: Readonly<Record<string, readonly [ErrorCode, reason: string, hint: string]>> = {
  ENOENT: [
    'path-not-found',
    'no such file or directory',
    'check the path; a relative one begins at the current directory',
  ],
  ENOTDIR: ['path-not-found', 'a part of the path is not a directory', 'check the path'],
  EISDIR: ['invalid-argument', 'it is a directory', 'name a file'],
};

/** Wraps a failed read of a file that the caller has named; the hint says what to do. */
export function namedFileError(error: unknown, path: string): BoxliteError {
  const doing = `read ${path === '' ? '""' : path}`;
  const [code, reason, hint] = NAMED_FILE[errnoOf(error) ?? ''] ?? [];
  if (code === undefined || hint === undefined) return fileError(error, doing);
  return new BoxliteError(code, `can't ${doing}: ${reason}`, { hint, cause: error });
}

/** The resource that each errno reports as exhausted, and what to do about it. */
const LIMITS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EMFILE: [
    'too many open files for one process',
    'raise the limit of open files (`ulimit -n`), 1024 is enough',
  ],
  ENFILE: ['too many open files on this host', 'close some, or raise the sysctl fs.file-max'],
  EAGAIN: [
    'no more processes or threads are allowed',
    "raise their limit (`ulimit -u`, a container's pids limit), or end some",
  ],
  ENOMEM: ['out of memory', 'free some memory, or raise its limit (`ulimit -v`, a cgroup)'],
};

/**
 * The error of a call that failed because descriptors, processes or memory ran out: the caller's limits or
 * the host's.
 * @returns undefined for any other cause
 */
export function limitError(
  error: unknown,
  doing: string,
  errno = errnoOf(error),
): BoxliteError | undefined {
  const [what, hint] = LIMITS[errno ?? ''] ?? [];
  if (what === undefined || hint === undefined) return undefined;
  return new BoxliteError('host-limit', `can't ${doing}: ${what} (${errno})`, {
    cause: error,
    hint,
  });
}

/** `ENOENT: no such file or directory, open '/x'`, without the call when `doing` names the path already. */
function withoutPath(reason: string, doing: string): string {
  const [, what = reason, path] = /^(E[A-Z0-9]+: .*), [a-z]+ '([^']+)'$/s.exec(reason) ?? [];
  return path !== undefined && doing.endsWith(path) ? what : reason;
}
