import { describe, expect, it } from 'vitest';
import type { LoginRequest } from '../../../../../src/engine/images/registries.js';
import { BoxliteError } from '../../../../../src/errors.js';
import { FakeTerminal, type FakeWorld, fakeWorld, runCli } from '../../fake-world.js';

const FILE = '/home/me/.docker/config.json';
const UNENCRYPTED =
  `\nWARNING! Your credentials are stored unencrypted in '${FILE}'.\n` +
  'Configure a credential helper to remove this warning. See\n' +
  'https://docs.docker.com/go/credential-store/\n\n';
const INSECURE = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n';
const refused = new BoxliteError('registry-auth', 'r.test refuses the user name or password', {
  hint: 'check both',
});

interface Engine {
  requests: LoginRequest[];
  login(request: LoginRequest): Promise<object>;
  loginAgain(server?: string): Promise<object | undefined>;
}

/** An engine whose registry takes what it is shown, unless told otherwise. */
function engine(parts: {
  helper?: string;
  failure?: BoxliteError;
  stored?: { username?: string } | BoxliteError;
}): Engine {
  const requests: LoginRequest[] = [];
  return {
    requests,
    login: (request) => {
      requests.push(request);
      if (parts.failure) return Promise.reject(parts.failure);
      const { username, server = 'hub' } = request;
      return Promise.resolve({ server, username, file: FILE, helper: parts.helper });
    },
    loginAgain: () =>
      parts.stored instanceof BoxliteError
        ? Promise.reject(parts.stored)
        : Promise.resolve(parts.stored && { server: 'r.test', ...parts.stored }),
  };
}

/** A world with that on stdin. */
function typing(input: string, terminal = false): FakeWorld {
  const world = fakeWorld();
  if (terminal) world.stdin = new FakeTerminal() as unknown as FakeWorld['stdin'];
  world.stdin.end(input);
  return world;
}

describe('login', () => {
  it('takes the password from stdin, without the line’s end', async () => {
    const fake = engine({});
    const argv = ['login', '-u', 'me', '--password-stdin', 'r.test'];
    expect(await runCli(argv, fake, typing('p w\r\n'))).toEqual({
      status: 0,
      stdout: 'Login Succeeded\n',
      stderr: UNENCRYPTED,
    });
    expect(fake.requests).toEqual([{ server: 'r.test', username: 'me', password: 'p w' }]);
  });

  it.each([
    ['pw', 'pw'],
    ['pw\n', 'pw'],
    ['pw\n\n', 'pw\n'],
    [' pw ', ' pw '],
    ['a\nb', 'a\nb'],
  ])('takes %j on stdin for the password %j', async (input, password) => {
    const fake = engine({});
    await runCli(['login', '-u', 'me', '--password-stdin'], fake, typing(input));
    expect(fake.requests).toEqual([{ username: 'me', password }]);
  });

  it('takes a password on the command line, and warns', async () => {
    const fake = engine({ helper: 'docker-credential-pass' });
    expect(await runCli(['login', '-u', 'me', '-p', 'pw', 'r.test'], fake)).toEqual({
      status: 0,
      stdout: 'Login Succeeded\n',
      stderr: INSECURE,
    });
    expect(fake.requests).toEqual([{ server: 'r.test', username: 'me', password: 'pw' }]);
  });

  it.each([
    [
      ['-u', 'me', '-p', 'pw', '--password-stdin'],
      'conflicting options: cannot specify both --password and --password-stdin\n',
    ],
    [['--password-stdin'], 'the --password-stdin option requires --username to be set\n'],
    [['-u', 'me', '--password-stdin'], 'the password on stdin is empty\n'],
    [
      ['-u', 'me'],
      'cannot perform an interactive login from a non-TTY device\n' +
        'give the name with --username and the password with --password-stdin\n',
    ],
    [
      [],
      'cannot perform an interactive login from a non-TTY device\n' +
        'give the name with --username and the password with --password-stdin\n',
    ],
  ])('refuses %j', async (flags, message) => {
    const fake = engine({});
    expect(await runCli(['login', ...flags, 'r.test'], fake, typing(''))).toEqual({
      status: 1,
      stdout: '',
      stderr: `boxlite: ${message}`,
    });
    expect(fake.requests).toEqual([]);
  });

  it('does not read a stdin without end for a password', async () => {
    const argv = ['login', '-u', 'me', '--password-stdin'];
    const { status, stderr } = await runCli(argv, engine({}), typing('x'.repeat(2 << 20)));
    expect([status, stderr]).toEqual([
      1,
      'boxlite: what comes on stdin is too long for a password\n',
    ]);
  });

  it('fails as the registry says, with nothing on stdout', async () => {
    const argv = ['login', '-u', 'me', '-p', 'pw', 'r.test'];
    expect(await runCli(argv, engine({ failure: refused }))).toEqual({
      status: 1,
      stdout: '',
      stderr: `${INSECURE}boxlite: r.test refuses the user name or password\ncheck both\n`,
    });
  });
});

describe('login at a terminal', () => {
  it('asks for what is missing, the password without showing it', async () => {
    const fake = engine({});
    const world = typing('me\rs3cret\r', true);
    expect(await runCli(['login', 'r.test'], fake, world)).toEqual({
      status: 0,
      stdout: 'Login Succeeded\n',
      stderr: `Username: Password: \n${UNENCRYPTED}`,
    });
    expect(fake.requests).toEqual([{ server: 'r.test', username: 'me', password: 's3cret' }]);
    expect((world.stdin as unknown as FakeTerminal).modes).toEqual([true, false]);
  });

  it.each([
    ['pw\n', 'pw'],
    ['pwx\x7f\n', 'pw'],
    ['пароль\x7f\x08\n', 'парол'.slice(0, 4)],
    ['wrong\x15pw\n', 'pw'],
    ['\x7f\x7fpw\r\n', 'pw'],
  ])('takes the keys %j for %j', async (keys, password) => {
    const fake = engine({});
    await runCli(['login', '-u', 'me'], fake, typing(keys, true));
    expect(fake.requests).toEqual([{ username: 'me', password }]);
  });

  it('ends by Ctrl-C as by the signal, and puts the terminal back', async () => {
    const world = typing('half\x03', true);
    const { status, stderr } = await runCli(['login', '-u', 'me'], engine({}), world);
    expect([status, stderr]).toEqual([130, 'Password: \n']);
    expect((world.stdin as unknown as FakeTerminal).modes).toEqual([true, false]);
  });

  it.each([
    [[], '\n', 'a user name is required'],
    [['-u', 'me'], '\n', 'a password is required'],
    [['-u', 'me'], '\x04', 'a password is required'],
    [['-u', 'me'], 'half', 'the terminal was closed before an answer'],
  ])('%j and the keys %j: %s', async (flags, keys, message) => {
    const fake = engine({});
    const { status, stderr } = await runCli(['login', ...flags], fake, typing(keys, true));
    expect(status).toBe(1);
    expect(stderr).toContain(`boxlite: ${message}\n`);
    expect(fake.requests).toEqual([]);
  });
});

describe('login with what is kept already', () => {
  it('asks for nothing when the registry takes it', async () => {
    const fake = engine({ stored: { username: 'me' } });
    expect(await runCli(['login', 'r.test'], fake, typing(''))).toEqual({
      status: 0,
      stdout: 'Login Succeeded\n',
      stderr: 'Authenticating with existing credentials... [Username: me]\n',
    });
    expect(fake.requests).toEqual([]);
  });

  it('is not tried when a name is given', async () => {
    const fake = engine({ stored: { username: 'me' } });
    await runCli(['login', '-u', 'you', '--password-stdin'], fake, typing('pw'));
    expect(fake.requests).toEqual([{ username: 'you', password: 'pw' }]);
  });

  it('asks for others at a terminal when the registry refuses them', async () => {
    const fake = engine({ stored: refused });
    const { status, stderr } = await runCli(['login', 'r.test'], fake, typing('me\rpw\r', true));
    expect(status).toBe(0);
    expect(stderr).toContain('Login did not succeed, error: r.test refuses');
    expect(fake.requests).toHaveLength(1);
  });

  it('fails without a terminal when the registry refuses them', async () => {
    const { status, stderr } = await runCli(['login'], engine({ stored: refused }), typing(''));
    expect([status, stderr]).toEqual([
      1,
      'boxlite: r.test refuses the user name or password\ncheck both\n',
    ]);
  });
});

describe('logout', () => {
  const logout = (failures: BoxliteError[]): object => ({
    logout: (server?: string) =>
      Promise.resolve({ server: server ?? 'https://index.docker.io/v1/', failures }),
  });

  it.each([
    [[], 'https://index.docker.io/v1/'],
    [['r.test:5000'], 'r.test:5000'],
  ])('%j says what it forgets', async (args, server) => {
    expect(await runCli(['logout', ...args], logout([]))).toEqual({
      status: 0,
      stdout: `Removing login credentials for ${server}\n`,
      stderr: '',
    });
  });

  it('warns of what it can’t erase, once, and succeeds as Docker does', async () => {
    const locked = new BoxliteError('registry-auth', 'the keychain is locked');
    expect(await runCli(['logout', 'r.test'], logout([locked, locked]))).toEqual({
      status: 0,
      stdout: 'Removing login credentials for r.test\n',
      stderr: 'WARNING: could not erase credentials:\nthe keychain is locked\n',
    });
  });
});
