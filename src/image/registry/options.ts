import type { CredentialSource } from './auth/credentials.js';
import type { HttpTimeouts } from './http/http.js';
import type { ProxyFinder } from './http/proxy.js';
import type { Trust } from './http/trust.js';
import type { RetryPolicy } from './retry.js';

/** How to reach registries. */
export interface RegistryOptions {
  /**
   * Registries (host[:port]) to contact without verifying their certificate, or over plain HTTP.
   */
  insecure?: readonly string[];
  /** Mirrors to try first for each registry (`docker.io`); see mirror.ts. */
  mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Default: Node's own set. */
  trust?: Trust;
  /** Default: direct connections. */
  proxyFor?: ProxyFinder;
  credentials?: CredentialSource;
  timeouts?: HttpTimeouts;
  retry?: RetryPolicy;
  signal?: AbortSignal;
}
