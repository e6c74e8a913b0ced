import { errnoOf } from '../../../errors.js';

/**
 * The connection failed: no answer came, or it broke off. `errno` is Node's code, or ours: NO_CONNECTION
 * (in our time), STALLED (in the middle of a body), EPROXY (the proxy's own refusal).
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(
    readonly errno: string,
    readonly reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }

  static from(error: unknown): TransportError {
    if (error instanceof TransportError) return error;
    const errno = errnoOf(error) ?? 'UNKNOWN';
    const message = error instanceof Error ? error.message : String(error);
    return new TransportError(errno, REASONS[errno] ?? certificateReason(errno) ?? message, error);
  }

  /** Worth another try: the host answers, or may soon. */
  get transient(): boolean {
    return TRANSIENT.has(this.errno);
  }

  /** The server was reached but its certificate is not one we trust. */
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
};

/** Not `NO_CONNECTION`: the system has tried that several times already before we gave up. */
const TRANSIENT = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'STALLED']);

function certificateReason(errno: string): string | undefined {
  const certificate =
    /^(CERT_|UNABLE_TO_|ERR_TLS_CERT)|SELF_SIGNED/.test(errno) || errno.endsWith('_CERT');
  return certificate ? `its certificate is not trusted (${errno})` : undefined;
}
