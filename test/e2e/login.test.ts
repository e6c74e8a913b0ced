import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority } from '../helpers/certificates.js';
import { BOXLITE, type CliOptions, type CliResult, run, start } from '../helpers/cli.js';
import { makeCredentialHelper, type TestHelper } from '../helpers/credential-helper.js';
import { makeImage, pushImage } from '../helpers/images.js';
import { BASIC_LOGIN, startRegistry, type TestRegistry } from '../helpers/registry.js';
import { startTokenServer, type TestTokenServer } from '../helpers/token-server.js';

const SECRET = BASIC_LOGIN.password;

let scratch: string;
let environment: Record<string, string>;
let basic: TestRegistry;
let token: TestRegistry;
let tokens: TestTokenServer;
/** A registry with TLS, under a name that its certificate must match. */
let secureHost: string;
let secure: TestRegistry;
let authority: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'boxlite-login-'));
  const signer = await makeAuthority(scratch, 'signer');
  const ca = await makeAuthority(scratch);
  authority = ca.cert;
  tokens = await startTokenServer({ signer, service: 'test', ...BASIC_LOGIN });
  const { realm, issuer } = tokens;
  basic = await startRegistry({ basic: BASIC_LOGIN });
  token = await startRegistry({
    token: { realm, issuer, service: 'test', rootcertbundle: signer.cert },
  });
  const tls = await ca.issue('registry', ['IP:127.0.0.1', 'IP:0.0.0.0']);
  secure = await startRegistry({ basic: BASIC_LOGIN, tls });
  secureHost = secure.host.replace('127.0.0.1', '0.0.0.0');
  const image = await makeImage({ layers: [{ a: 'b' }] });
  for (const { host } of [basic, token, secure])
    await pushImage(`${host}/private/app`, [image], `${BASIC_LOGIN.username}:${SECRET}`);
});
afterAll(async () => {
  for (const server of [basic, token, secure, tokens]) await server.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** Each test has a separate user, with a home and Docker's configuration in it. */
beforeEach(async () => {
  const user = await mkdtemp(join(scratch, 'a user '));
  environment = { HOME: user, BOXLITE_HOME: join(user, 'boxlite'), LANG: 'C.UTF-8' };
});

function boxlite(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return run(BOXLITE, args, { ...options, env: { ...environment, ...options.env } });
}

async function shown(args: readonly string[], options?: CliOptions) {
  const { status, stdout, stderr } = await boxlite(args, options);
  return { status, stdout: stdout.toString(), stderr };
}

const configFile = (): string => join(environment.HOME ?? '', '.docker', 'config.json');
const configuration = async (): Promise<unknown> =>
  JSON.parse(await readFile(configFile(), 'utf8'));
const logIn = (host: string, args: string[] = []): Promise<CliResult> =>
  boxlite([...args, 'login', '-u', 'me', '--password-stdin', host], { input: `${SECRET}\n` });

describe('login', () => {
  it('keeps in Docker’s file what the registry takes, for its owner alone', async () => {
    const { status, stdout, stderr } = await logIn(basic.host);
    expect([status, stdout.toString()]).toEqual([0, 'Login Succeeded\n']);
    expect(stderr).toBe(
      `\nWARNING! Your credentials are stored unencrypted in '${configFile()}'.\n` +
        'Configure a credential helper to remove this warning. See\n' +
        'https://docs.docker.com/go/credential-store/\n\n',
    );
    const auth = Buffer.from(`me:${SECRET}`).toString('base64');
    expect(await configuration()).toEqual({ auths: { [basic.host]: { auth } } });
    expect((await stat(configFile())).mode & 0o777).toBe(0o600);
    // Logging in creates no other file in the home.
    expect(await readdir(environment.HOME ?? '')).toEqual(['.docker']);
  });

  it('and other tools understand each other’s file', async () => {
    await logIn(basic.host);
    const name = `${basic.host}/private/app`;
    const skopeo = ['--tls-verify=false', '--authfile', configFile()];
    const theirs = await run('skopeo', ['inspect', ...skopeo, '--raw', `docker://${name}`]);
    expect([theirs.status, theirs.stderr]).toEqual([0, '']);

    await rm(configFile());
    const login = ['login', ...skopeo, '-u', 'me', '--password-stdin', basic.host];
    expect((await run('skopeo', login, { input: SECRET })).status).toBe(0);
    expect((await shown(['pull', '-q', name])).status).toBe(0);
  });

  it('keeps nothing that the registry refuses', async () => {
    const argv = ['login', '-u', 'me', '--password-stdin', basic.host];
    expect(await shown(argv, { input: 's3cret' })).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `boxlite: ${basic.host} refuses the user name or password (HTTP 401)\n` +
        'check both; an access token goes in the place of the password\n',
    });
    expect(await readdir(environment.HOME ?? '')).toEqual([]);
  });

  it('shows no secret in what it says for --debug', async () => {
    for (const host of [basic.host, token.host]) {
      const argv = ['--debug', 'login', '-u', 'me', '--password-stdin', host];
      const { status, stderr } = await shown(argv, { input: 's3cret' });
      expect(status).toBe(1);
      expect(stderr).toContain('    at ');
      expect(stderr).not.toMatch(/s3cret|bWU6czNjcmV0/);
    }
  });

  it('keeps the identity token that a token server gives in place of the password', async () => {
    expect((await logIn(token.host)).status).toBe(0);
    const [identitytoken = ''] = [...tokens.identityTokens].slice(-1);
    const auth = Buffer.from('me:').toString('base64');
    expect(await configuration()).toEqual({ auths: { [token.host]: { auth, identitytoken } } });
    const { stdout } = await shown(['pull', '-q', `${token.host}/private/app`]);
    expect(stdout).toBe(`${token.host}/private/app:latest\n`);
  });

  it('keeps what others keep in the file', async () => {
    await mkdir(join(environment.HOME ?? '', '.docker'));
    const others = { HttpHeaders: { a: 'b' }, auths: { 'quay.io': { auth: 'eDp5' } }, x: [1] };
    await writeFile(configFile(), JSON.stringify(others));
    expect((await logIn(basic.host)).status).toBe(0);
    expect(await configuration()).toMatchObject(others);
  });

  it('refuses a file it can’t read, and leaves it alone', async () => {
    await mkdir(join(environment.HOME ?? '', '.docker'));
    await writeFile(configFile(), '{"auths":{"x":{"auth":"s3cret"');
    const { status, stderr } = await logIn(basic.host, ['--debug']);
    expect(status).toBe(1);
    expect(stderr).toContain(`boxlite: ${configFile()} is not valid JSON\n`);
    expect(stderr).not.toContain('s3cret');
    expect(await readFile(configFile(), 'utf8')).toBe('{"auths":{"x":{"auth":"s3cret"');
  });

  it('reaches a registry of a private authority that is named', async () => {
    const refused = await logIn(secureHost);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      `boxlite: can't reach ${secureHost}: its certificate is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)\n` +
        'trust its authority with --ca-cert FILE, or mark the registry as insecure\n',
    ]);
    expect((await logIn(secureHost, ['--ca-cert', authority])).status).toBe(0);
    await mkdir(environment.BOXLITE_HOME ?? '');
    const settings = { caCertificates: [authority] };
    await writeFile(join(environment.BOXLITE_HOME ?? '', 'config.json'), JSON.stringify(settings));
    expect((await shown(['pull', '-q', `${secureHost}/private/app`])).status).toBe(0);
  });

  it('finds DOCKER_CONFIG', async () => {
    const elsewhere = join(environment.HOME ?? '', 'else where');
    environment.DOCKER_CONFIG = elsewhere;
    expect((await logIn(basic.host)).status).toBe(0);
    expect(await readdir(elsewhere)).toEqual(['config.json']);
    expect((await shown(['pull', '-q', `${basic.host}/private/app`])).status).toBe(0);
  });

  it('does not show the password to other processes', async () => {
    const argv = ['login', '-u', 'me', '--password-stdin', basic.host];
    const cli = start(BOXLITE, argv, { env: environment });
    const own = `/proc/${cli.child.pid ?? 0}`;
    const seen = await Promise.all(
      ['cmdline', 'environ'].map((each) => readFile(`${own}/${each}`)),
    );
    cli.child.stdin.end(SECRET);
    expect((await cli.result).status).toBe(0);
    for (const bytes of seen) expect(bytes.toString()).not.toContain(SECRET);
  });
});

describe('login at a terminal', () => {
  it('asks, and shows nothing of the password', async () => {
    const cli = start('script', ['-qec', `'${BOXLITE}' login ${basic.host}`, '/dev/null'], {
      env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    await cli.output(/Username: /);
    cli.child.stdin.write('me\r');
    await cli.output(/Password: /);
    cli.child.stdin.write(`${SECRET}X\u007f\r`);
    const { status, stdout } = await cli.result;
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(
      /^Username: me\r\nPassword: \r\n\r\nWARNING![^]*Login Succeeded\r\n$/,
    );
    expect(await configuration()).toHaveProperty('auths');
  });

  it('ends by Ctrl-C with the terminal as it was', async () => {
    const line = `stty -g; '${BOXLITE}' login -u me ${basic.host}; echo "status $?"; stty -g`;
    const cli = start('script', ['-qec', line, '/dev/null'], {
      env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh' },
    });
    await cli.output(/Password: /);
    cli.child.stdin.write('half\u0003');
    await cli.output(/status 130/);
    const [before, after] = (await cli.result).stdout.toString().match(/^[0-9a-f]+:\S+/gm) ?? [];
    expect(before).toBeDefined();
    expect(after).toBe(before);
  });
});

describe('with a credential helper', () => {
  let helper: TestHelper;
  beforeEach(async () => {
    helper = await makeCredentialHelper(join(environment.HOME ?? '', 'bin'), 'test');
    environment.PATH = `${helper.directory}:${process.env.PATH ?? ''}`;
    await mkdir(join(environment.HOME ?? '', '.docker'));
    await writeFile(configFile(), JSON.stringify({ credHelpers: { [basic.host]: 'test' } }));
  });

  it('login, pull and logout use it, and no secret is in the file', async () => {
    const { status, stdout, stderr } = await logIn(basic.host);
    expect([status, stdout.toString(), stderr]).toEqual([0, 'Login Succeeded\n', '']);
    expect(await helper.entries()).toEqual({ [basic.host]: { Username: 'me', Secret: SECRET } });
    expect(await configuration()).toEqual({
      credHelpers: { [basic.host]: 'test' },
      auths: { [basic.host]: {} },
    });
    expect((await shown(['pull', '-q', `${basic.host}/private/app`])).status).toBe(0);
    expect(await shown(['logout', basic.host])).toEqual({
      status: 0,
      stdout: `Removing login credentials for ${basic.host}\n`,
      stderr: '',
    });
    expect(await helper.entries()).toEqual({});
    expect(await configuration()).toEqual({ credHelpers: { [basic.host]: 'test' }, auths: {} });
    for (const { args, environment: values } of await helper.runs()) {
      expect(args).toHaveLength(1);
      expect(values.join('\n')).not.toContain(SECRET);
    }
  });

  it('that is not installed, login says so and logout warns', async () => {
    environment.PATH = process.env.PATH ?? '';
    const message = 'the credential helper docker-credential-test is not there\n';
    const failed = await logIn(basic.host);
    expect([failed.status, failed.stderr]).toEqual([
      1,
      `boxlite: ${message}install it, or take it out of credsStore and credHelpers in Docker's config.json\n`,
    ]);
    expect(await shown(['logout', basic.host])).toEqual({
      status: 0,
      stdout: `Removing login credentials for ${basic.host}\n`,
      stderr: `WARNING: could not erase credentials:\n${message}`,
    });
  });
});

describe('logout', () => {
  it('forgets the log-in, so that nothing private is pulled any more', async () => {
    await logIn(basic.host);
    const name = `${basic.host}/private/app`;
    expect((await shown(['pull', '-q', name])).status).toBe(0);
    expect(await shown(['logout', `https://${basic.host}/v2/`])).toEqual({
      status: 0,
      stdout: `Removing login credentials for ${basic.host}\n`,
      stderr: '',
    });
    expect(await configuration()).toEqual({ auths: {} });
    expect(await shown(['pull', '-q', name])).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(`log in with \`boxlite login ${basic.host}\``) as string,
    });
  });

  it('of nothing makes nothing', async () => {
    expect(await shown(['logout'])).toEqual({
      status: 0,
      stdout: 'Removing login credentials for https://index.docker.io/v1/\n',
      stderr: '',
    });
    expect(await readdir(environment.HOME ?? '')).toEqual([]);
  });
});
