import { BoxliteError } from '../../errors.js';
import { Authorizer } from './auth/auth.js';
import { endpointsOf, isInsecure } from './endpoint.js';
import { type HttpResponse, HttpTransport } from './http/http.js';
import { TransportError } from './http/transport-error.js';
import type { Mirror } from './mirror.js';
import type { RegistryOptions } from './options.js';
import { DEFAULT_RETRY, withRetry } from './retry.js';

/** Every registry has it (distribution-spec, "Determining Support"). */
const ROOT = 'v2/';

export interface HostOptions extends RegistryOptions {
  /** The only scheme to use. */
  scheme?: Mirror['scheme'];
  /** Precedes each repository's name. */
  prefix?: string;
  /** Asks for an identity token; see Authorizer. */
  offline?: boolean;
}

/** One server that speaks the distribution protocol: a registry or a mirror of one. */
export class RegistryHost {
  readonly #options: HostOptions;
  readonly #transport: HttpTransport;
  readonly #authorizer: Authorizer;
  #bases: URL[];
  /** What `/v2/` asks for, once it was of interest. */
  #rootChallenge: Promise<string | undefined> | undefined;

  constructor(
    /** host[:port], as in image names and as the key of its credentials. */
    readonly name: string,
    options: HostOptions,
  ) {
    this.#options = options;
    const { scheme, signal, trust, proxyFor, timeouts } = options;
    const insecure = scheme === 'http' || isInsecure(name, options.insecure ?? []);
    const bases = endpointsOf(name, insecure).map(({ base }) => base);
    this.#bases = bases.filter(({ protocol }) => scheme === undefined || protocol === `${scheme}:`);
    const [{ hostname: own } = { hostname: undefined }] = bases;
    this.#transport = new HttpTransport({
      insecure,
      ...(own !== undefined && { own }),
      ...(trust && { trust }),
      ...(proxyFor && { proxyFor }),
      ...(timeouts && { timeouts }),
    });
    const requester = {
      get: (url: URL, headers: Record<string, string>) =>
        this.#retrying(() => this.#transport.get(url, headers, signal)),
      postForm: (url: URL, fields: Readonly<Record<string, string>>) =>
        this.#retrying(() => this.#transport.postForm(url, fields, signal)),
    };
    this.#authorizer = new Authorizer(name, requester, {
      credentialsOf: options.credentials,
      signal,
      insecure,
      ...(options.offline === true && { offline: true }),
    });
  }

  get identityToken(): string | undefined {
    return this.#authorizer.identityToken;
  }

  /** GETs a manifest or blob of a repository. */
  getFrom(
    repository: string,
    path: string,
    headers: Record<string, string>,
  ): Promise<HttpResponse> {
    const name = `${this.#options.prefix ?? ''}${repository}`;
    return this.get(`v2/${name}/${path}`, `repository:${name}:pull`, headers);
  }

  /**
   * GETs a path, with authorization when the server asks for it.
   * @returns any answer; 401 when we have no (other) credentials
   * @throws TransportError, BoxliteError `registry-*`
   */
  async get(path: string, scope: string, headers: Record<string, string>): Promise<HttpResponse> {
    const known = await this.#authorizer.header(scope);
    const response = await this.#send(path, headers, known);
    // A server behind a redirect may not ask for the registry's credentials.
    if (this.#baseOf(response) === undefined) return response;
    const asked = await this.#challengeOf(response, path, known);
    if (asked === undefined) return response;
    const authorization = await this.#authorizer.answer(asked, scope, known);
    if (authorization === undefined) return response;
    response.discard();
    return this.#send(path, headers, authorization);
  }

  /**
   * The challenge of a 401. Some registries ask who we are at `/v2/` alone, and hide from strangers
   * what is not theirs; Docker asks there first.
   */
  async #challengeOf(
    { status, headers }: HttpResponse,
    path: string,
    known: string | undefined,
  ): Promise<string | undefined> {
    const asked = status === 401 ? headers['www-authenticate'] : undefined;
    if (asked !== undefined) return asked;
    const hidden = status === 401 || status === 403 || status === 404;
    if (!hidden || known !== undefined || path === ROOT) return undefined;
    return (this.#rootChallenge ??= this.#askRoot());
  }

  /** Without a retry: the server has answered already, so this may only be better. */
  async #askRoot(): Promise<string | undefined> {
    try {
      const response = await this.#sendToFirst(ROOT, {});
      response.discard();
      const ours = response.status === 401 && this.#baseOf(response) !== undefined;
      return ours ? response.headers['www-authenticate'] : undefined;
    } catch (error) {
      const isOfServer = error instanceof BoxliteError && error.code === 'registry-protocol';
      if (error instanceof TransportError || isOfServer) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#transport.close();
  }

  #send(
    path: string,
    headers: Record<string, string>,
    authorization: string | undefined,
  ): Promise<HttpResponse> {
    const all = authorization === undefined ? headers : { ...headers, authorization };
    return this.#retrying(() => this.#sendToFirst(path, all));
  }

  /** Tries the ways to reach the server in order, and keeps the first that answers. */
  async #sendToFirst(path: string, headers: Record<string, string>): Promise<HttpResponse> {
    let failure: unknown;
    for (const base of this.#bases) {
      try {
        const url = new URL(path, base);
        const response = await this.#transport.get(url, headers, this.#options.signal);
        if (isTlsServerInTheClear(response) && base !== this.#bases.at(-1)) {
          response.discard();
          continue;
        }
        this.#bases = [this.#baseOf(response) ?? base];
        return response;
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  /** A plain HTTP server may redirect to itself over TLS, which is then the better way. */
  #baseOf({ url }: HttpResponse): URL | undefined {
    return this.#bases.find(({ origin }) => origin === url.origin);
  }

  #retrying(attempt: () => Promise<HttpResponse>): Promise<HttpResponse> {
    return withRetry(attempt, this.#options.retry ?? DEFAULT_RETRY, this.#options.signal);
  }
}

/** TLS servers answer plain HTTP with 400 and a sentence; a registry answers in JSON. */
function isTlsServerInTheClear({ status, headers }: HttpResponse): boolean {
  return status === 400 && headers['content-type']?.includes('json') !== true;
}
