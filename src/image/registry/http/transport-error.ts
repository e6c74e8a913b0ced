import { errnoOf } from '../../../errors.js';

/**
 * The connection failed: no answer came, or it broke. `errno` is Node's code, or ours:
 * NO_CONNECTION (timed out), STALLED (in the middle of a body), EPROXY (refused by the proxy
 * itself).
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    readonly errno: string,
    readonly reason: string,
    cause?: unknown,
    /** host[:port] that was asked, after redirects; undefined while only the caller knows it. */
    readonly host?: string,
  ) {
    super(reason, { cause });
  }

  static from(error: unknown, host?: string): TransportError {
    if (error instanceof TransportError) {
      if (error.host !== undefined || host === undefined) return error;
      return new TransportError(error.errno, error.reason, error.cause, host);
    }
    const errno = errnoOf(error) ?? 'UNKNOWN';
    const message = error instanceof Error ? error.message : String(error);
    return new TransportError(errno, reasonFor(errno) ?? message, error, host);
  }

  /** Worth another try: the host answers, or may do so soon. */
  get transient(): boolean {
    return TRANSIENT.has(this.errno);
  }

  /** We reached the server but don't trust its certificate. */
  get untrusted(): boolean {
    return certificateReason(this.errno) !== undefined;
  }
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name service does not answer',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  EPROTO: 'it does not speak TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  HPE_HEADER_OVERFLOW: 'the headers of its answer are too long',
};

/** Without `NO_CONNECTION`: the system has already tried several times before we gave up. */
const TRANSIENT = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'STALLED']);

function reasonFor(errno: string): string | undefined {
  const malformed = errno.startsWith('HPE_') ? `its answer is malformed (${errno})` : undefined;
  return REASONS[errno] ?? certificateReason(errno) ?? malformed;
}

function certificateReason(errno: string): string | undefined {
  const certificate =
    /^(CERT_|UNABLE_TO_|ERR_TLS_CERT)|SELF_SIGNED/.test(errno) || errno.endsWith('_CERT');
  return certificate ? `its certificate is not trusted (${errno})` : undefined;
}
