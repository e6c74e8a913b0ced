import { throwIfAborted } from '../../abort.js';
import { BoxliteError, errnoOf } from '../../errors.js';
import { closeStreamsWhenKilled } from '../../host/child-streams.js';
import { JsonReader } from '../oci/json-reader.js';
import type { Credentials } from '../registry/auth/credentials.js';
import type { SavedLogin } from './docker-config.js';

/** The user name that marks the secret as an identity token. */
const TOKEN_USER = '<token>';

const NOT_FOUND = /credentials not found/i;
const MAX_OUTPUT_BYTES = 1 << 20;
const MAX_SHOWN = 200;
/** A keychain may first have to ask the user for its password. */
const TIMEOUT_MS = 60_000;

/**
 * A program `docker-credential-NAME` that keeps credentials in a keychain (the protocol of
 * github.com/docker/docker-credential-helpers): the verb is its only argument, everything else goes
 * through stdin and stdout. It reports errors on stdout, with a status other than 0.
 */
export class CredentialHelper {
  readonly program: string;

  /**
   * @param name what follows `docker-credential-`
   * @param environment passed to the program; its PATH is searched for it
   * @throws BoxliteError `invalid-argument` for a name that would be a path
   */
  constructor(
    name: string,
    private readonly environment: NodeJS.ProcessEnv = process.env,
    private readonly timeoutMs = TIMEOUT_MS,
  ) {
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      throw new BoxliteError(
        'invalid-argument',
        `not the name of a credential helper: ${JSON.stringify(name)}`,
        { hint: 'it is what follows docker-credential- in the name of a program' },
      );
    this.program = `docker-credential-${name}`;
  }

  /**
   * @param signal kills the helper
   * @returns undefined when the helper has nothing for the key
   * @throws BoxliteError `cancelled`
   */
  async get(key: string, signal?: AbortSignal): Promise<Credentials | undefined> {
    const { status, output, complaint } = await this.#run('get', key, signal);
    if (status !== 0) {
      if (NOT_FOUND.test(output)) return undefined;
      throw this.#failure('gave no credentials', key, status, complaint);
    }
    const what = `the answer of ${this.program}`;
    const answer = JsonReader.parse(Buffer.from(output), what, {
      code: 'registry-auth',
      secret: true,
    });
    const username = answer.optionalString('Username') ?? '';
    const secret = answer.optionalString('Secret') ?? '';
    if (username === '' && secret === '') return undefined;
    return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
  }

  async store(key: string, login: SavedLogin): Promise<void> {
    const [username, secret] =
      'password' in login ? [login.username, login.password] : [TOKEN_USER, login.identityToken];
    const entry = JSON.stringify({ ServerURL: key, Username: username, Secret: secret });
    const { status, complaint } = await this.#run('store', `${entry}\n`);
    if (status !== 0) throw this.#failure('did not store', key, status, hide(complaint, secret));
  }

  /** Succeeds when the helper does not have the key. */
  async erase(key: string): Promise<void> {
    const { status, output, complaint } = await this.#run('erase', key);
    if (status !== 0 && !NOT_FOUND.test(output))
      throw this.#failure('did not erase', key, status, complaint);
  }

  /** The user name for each of its keys. */
  async list(): Promise<Record<string, string>> {
    const { status, output, complaint } = await this.#run('list', '');
    if (status !== 0) throw this.#failure('did not list its keys', '', status, complaint);
    const what = `the list of ${this.program}`;
    const answer = JsonReader.of({ list: parseList(output) }, what, 'registry-auth');
    return answer.stringMap('list');
  }

  /**
   * @throws BoxliteError `timeout`, `cancelled`, or `registry-auth` when it can't be run or never stops
   * writing
   */
  async #run(verb: string, input: string, signal?: AbortSignal): Promise<Run> {
    const { program, environment: env, timeoutMs } = this;
    const what = `the credential helper ${program}`;
    throwIfAborted(signal, what);
    let ended: Run;
    try {
      ended = await run(program, verb, input, { env, timeoutMs, signal });
    } catch (cause) {
      const missing = errnoOf(cause) === 'ENOENT';
      throw new BoxliteError(
        'registry-auth',
        missing
          ? `${what} is not there`
          : `${what} can't be run: ${errnoOf(cause) ?? String(cause)}`,
        {
          cause,
          hint: `install it, or take it out of credsStore and credHelpers in Docker's config.json`,
        },
      );
    }
    throwIfAborted(signal, what);
    if (ended.timedOut)
      throw new BoxliteError('timeout', `${what} did not end within ${timeoutMs / 1000} s`, {
        hint: 'unlock its keychain, or answer what it asks, and try again',
      });
    // The output may hold secrets, so the message quotes none of it.
    if (ended.overflowed)
      throw new BoxliteError('registry-auth', `${what} wrote more than ${MAX_OUTPUT_BYTES} bytes`);
    return ended;
  }

  #failure(what: string, key: string, status: Run['status'], complaint: string): BoxliteError {
    const said = complaint
      .replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')
      .trim()
      .slice(0, MAX_SHOWN);
    const target = key === '' ? '' : ` for ${key}`;
    return new BoxliteError(
      'registry-auth',
      `the credential helper ${this.program} ${what}${target}: ${said || `status ${status}`}`,
    );
  }
}

/** A program may repeat the secret it was given. */
function hide(text: string, secret: string): string {
  return secret === '' ? text : text.replaceAll(secret, '…');
}

interface Run {
  status: number | NodeJS.Signals;
  output: string;
  /** Its message: from stdout, else from stderr. */
  complaint: string;
  timedOut: boolean;
  overflowed: boolean;
}

interface Limits {
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** @throws the host's error when it can't start the program */
async function run(
  program: string,
  verb: string,
  input: string,
  { env, timeoutMs, signal }: Limits,
): Promise<Run> {
  const { execa } = await import('execa');
  const child = execa(program, [verb], {
    ...{ env, extendEnv: false, input, reject: false },
    ...{ maxBuffer: MAX_OUTPUT_BYTES, stripFinalNewline: false },
    ...{ timeout: timeoutMs, killSignal: 'SIGKILL' },
    ...(signal && { cancelSignal: signal }),
  });
  using _streams = closeStreamsWhenKilled(child, { timeoutMs, signal });
  const result = await child;
  const hasRun = result.exitCode !== undefined || result.signal !== undefined;
  if (!hasRun && result.cause instanceof Error) throw result.cause;
  const [said, complained] = [result.stdout.trim(), result.stderr.trim()];
  return {
    status: result.exitCode ?? result.signal ?? -1,
    output: said,
    complaint: said || complained,
    timedOut: result.timedOut,
    overflowed: result.isMaxBuffer,
  };
}

function parseList(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
