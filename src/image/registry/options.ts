import type { CredentialSource } from './auth/credentials.js';
import type { HttpTimeouts } from './http/http.js';
import type { ProxyFinder } from './http/proxy.js';
import type { Trust } from './http/trust.js';
import type { RetryPolicy } from './retry.js';

/** How registries are reached. */
export interface RegistryOptions {
  /** Registries (host[:port]) to speak to without trust in their certificate, or in the clear. */
  insecure?: readonly string[];
  /** By registry (`docker.io`), where to look first for its images; see mirror.ts. */
  mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Default: Node's own set. */
  trust?: Trust;
  /** Default: straight to the servers. */
  proxyFor?: ProxyFinder;
  credentials?: CredentialSource;
  timeouts?: HttpTimeouts;
  retry?: RetryPolicy;
  signal?: AbortSignal;
}
