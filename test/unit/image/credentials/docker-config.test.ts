import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  DockerConfig,
  dockerConfigDirectory,
} from '../../../../src/image/credentials/docker-config.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A directory with a config.json of that content, gone with the test. */
function directoryWith(content?: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-docker-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  if (content !== undefined)
    writeFileSync(
      join(directory, 'config.json'),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  return directory;
}

const read = (content?: unknown): Promise<DockerConfig> =>
  DockerConfig.read(directoryWith(content));

describe('credentials in the file', () => {
  test.each([
    ['nothing', {}, undefined],
    ['an empty entry', { 'quay.io': {} }, undefined],
    ['name and password', { 'quay.io': { auth: base64('me:pw') } }, ['me', 'pw']],
    ['a password with colons', { 'quay.io': { auth: base64('me:a:b::') } }, ['me', 'a:b::']],
    ['an empty password', { 'quay.io': { auth: base64('me:') } }, ['me', '']],
    ['a padded password', { 'quay.io': { auth: base64('me:pw\0\0') } }, ['me', 'pw']],
    ['other alphabets', { 'quay.io': { auth: base64('müller:пароль') } }, ['müller', 'пароль']],
    ['plain fields', { 'quay.io': { username: 'me', password: 'pw' } }, ['me', 'pw']],
    ['a URL for a key', { 'https://quay.io/v1/': { auth: base64('me:pw') } }, ['me', 'pw']],
    [
      'the exact key first',
      { 'https://quay.io': { auth: base64('old:x') }, 'quay.io': { auth: base64('me:pw') } },
      ['me', 'pw'],
    ],
    [
      'an empty entry, then another',
      { 'quay.io': {}, 'https://quay.io/v1/': {}, 'Quay.io/v2/': { auth: base64('me:pw') } },
      ['me', 'pw'],
    ],
    ['lines of base64', { 'quay.io': { auth: 'bWU6\r\ncHc=\n' } }, ['me', 'pw']],
    ['another registry', { 'quay.io:443': { auth: base64('me:pw') } }, undefined],
  ])('are found: %s', async (_what, auths, pair) => {
    const found = (await read({ auths })).credentialsOf('quay.io');
    const [username, password] = pair ?? [];
    expect(found).toEqual(pair && { username, password });
  });

  test.each([
    [{ auth: base64('me:'), identitytoken: 'id' }, { identityToken: 'id' }],
    [{ registrytoken: 'rt' }, { registryToken: 'rt' }],
  ])('may be a token: %j', async (entry, credentials) => {
    const config = await read({ auths: { 'quay.io': entry } });
    expect(config.credentialsOf('quay.io')).toEqual(credentials);
  });

  test('are found behind a byte order mark', async () => {
    const text = `\ufeff${JSON.stringify({ auths: { 'quay.io': { registrytoken: 'rt' } } })}`;
    expect((await read(text)).credentialsOf('quay.io')).toEqual({ registryToken: 'rt' });
  });

  test.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io'])(
    'of Docker Hub are found under %s',
    async (key) => {
      const config = await read({ auths: { [key]: { auth: base64('me:pw') } } });
      expect(config.credentialsOf('docker.io')).toEqual({ username: 'me', password: 'pw' });
    },
  );
});

test.each([
  [{}, undefined],
  [{ credsStore: 'all' }, 'all'],
  [{ credsStore: 'all', credHelpers: { 'quay.io': 'own' } }, 'own'],
  [{ credsStore: 'all', credHelpers: { 'gcr.io': 'own' } }, 'all'],
  [{ credsStore: 'all', credHelpers: { 'quay.io': '' } }, undefined],
  [{ credsStore: '' }, undefined],
  [{ credsStore: 'all', credHelpers: { 'https://Quay.io/v2/': 'own' } }, 'own'],
])('%j: the helper is %s', async (document, helper) => {
  expect((await read(document)).helperFor('quay.io')).toBe(helper);
});

test.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
  'a helper for %s is Docker Hub’s',
  async (key) => {
    const config = await read({ credHelpers: { [key]: 'own' } });
    expect(config.helperFor('https://index.docker.io/v1/')).toBe('own');
  },
);

describe('proxies are told in upper and lower case', () => {
  const proxies = {
    default: { httpProxy: 'http://p:1', httpsProxy: '', noProxy: 'localhost,.test' },
    'tcp://host:2376': { ftpProxy: 'f', allProxy: 'a', httpsProxy: 's' },
  };
  test.each([
    [
      'unix:///var/run/docker.sock',
      [
        ...['HTTP_PROXY=http://p:1', 'http_proxy=http://p:1'],
        ...['NO_PROXY=localhost,.test', 'no_proxy=localhost,.test'],
      ],
    ],
    [
      'tcp://host:2376',
      [
        'HTTPS_PROXY=s',
        'https_proxy=s',
        'FTP_PROXY=f',
        'ftp_proxy=f',
        'ALL_PROXY=a',
        'all_proxy=a',
      ],
    ],
  ])('for %s', async (host, variables) => {
    expect((await read({ proxies })).proxyVariables(host)).toEqual(variables);
  });

  test('without an entry there are none, and a wrong one is named', async () => {
    expect((await read({})).proxyVariables('x')).toEqual([]);
    const wrong = await read({ proxies: { default: { httpProxy: 1 } } });
    expect(() => wrong.proxyVariables('x')).toThrow('httpProxy must be a string');
  });
});

describe('a malformed file', () => {
  const secret = 's3cret';
  test.each([
    [`{"auths":{"quay.io":{"auth":"${secret}"`, 'is not valid JSON'],
    [`"${secret}"`, 'must be an object'],
    [{ auths: [secret] }, 'auths must be an object'],
    [{ auths: { 'quay.io': secret } }, 'quay.io must be an object'],
    [{ auths: { 'quay.io': { auth: [secret] } } }, 'auth must be a string'],
    [{ auths: { 'quay.io': { auth: `%${secret}` } } }, 'base64 of USER:PASSWORD'],
    [{ auths: { 'quay.io': { auth: base64(secret) } } }, 'base64 of USER:PASSWORD'],
    [{ auths: { 'quay.io': { auth: base64(`:${secret}`) } } }, 'base64 of USER:PASSWORD'],
  ])('%j is named, and not quoted', async (content, message) => {
    const directory = directoryWith(content);
    const error: unknown = await DockerConfig.read(directory)
      .then((config) => config.credentialsOf('quay.io'))
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
    expect(String(error)).toContain(join(directory, 'config.json'));
    expect(String(error)).not.toMatch(new RegExp(`${secret}|${base64(secret).slice(0, 8)}`));
    expect(error).not.toHaveProperty('cause');
  });

  test('that is not a file is an error, not an empty configuration', async () => {
    const directory = directoryWith();
    mkdirSync(join(directory, 'config.json'));
    await expect(DockerConfig.read(directory)).rejects.toMatchObject({ code: 'host-io' });
  });

  test.each([undefined, '', ' \n'])('%j is an empty configuration', async (content) => {
    expect((await read(content)).credentialsOf('quay.io')).toBeUndefined();
  });
});

describe('writing', () => {
  test('keeps what we don’t know, in its place', async () => {
    const directory = directoryWith({
      HttpHeaders: { 'X-Meta': 'a' },
      auths: { 'gcr.io': { auth: base64('you:x'), email: 'a@b' } },
      plugins: { 'x-y': { deep: [1, null, 'ü'] } },
      currentContext: 'colima',
    });
    const config = await DockerConfig.read(directory);
    await config.withLogin('quay.io', { username: 'me', password: 'p:w' }).write();
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toBe(`{
\t"HttpHeaders": {
\t\t"X-Meta": "a"
\t},
\t"auths": {
\t\t"gcr.io": {
\t\t\t"auth": "${base64('you:x')}",
\t\t\t"email": "a@b"
\t\t},
\t\t"quay.io": {
\t\t\t"auth": "${base64('me:p:w')}"
\t\t}
\t},
\t"plugins": {
\t\t"x-y": {
\t\t\t"deep": [
\t\t\t\t1,
\t\t\t\tnull,
\t\t\t\t"ü"
\t\t\t]
\t\t}
\t},
\t"currentContext": "colima"
}
`);
    expect(config.credentialsOf('quay.io')).toBeUndefined();
  });

  test('makes the file and its directory for their owner alone', async () => {
    const directory = join(directoryWith(), 'new', '.docker');
    await (await DockerConfig.read(directory)).withLogin('quay.io', undefined).write();
    expect(statSync(join(directory, 'config.json')).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory)).toEqual(['config.json']);
  });

  test('takes a file away from everybody else', async () => {
    const directory = directoryWith({});
    chmodSync(join(directory, 'config.json'), 0o644);
    const login = { username: 'me', identityToken: 'id' };
    await (await DockerConfig.read(directory)).withLogin('quay.io', login).write();
    expect(statSync(join(directory, 'config.json')).mode & 0o777).toBe(0o600);
    expect((await DockerConfig.read(directory)).credentialsOf('quay.io')).toEqual({
      identityToken: 'id',
    });
  });

  test.each([true, false])('goes through a symbolic link, dangling: %s', async (dangling) => {
    const directory = directoryWith();
    const target = join(directoryWith(), 'dotfiles.json');
    if (!dangling) writeFileSync(target, '{"credsStore":"all"}');
    symlinkSync(target, join(directory, 'config.json'));
    await (await DockerConfig.read(directory)).withLogin('quay.io', undefined).write();
    expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual({
      ...(dangling ? {} : { credsStore: 'all' }),
      auths: { 'quay.io': {} },
    });
    expect(readFileSync(join(directory, 'config.json'), 'utf8')).toBe(readFileSync(target, 'utf8'));
  });

  test('removes one log-in, and nothing when there is none', async () => {
    const config = await read({ auths: { 'quay.io': {}, __proto__x: {} } });
    expect(config.withoutLogin('gcr.io')).toBe(config);
    expect(config.withoutLogin('__proto__')).toBe(config);
    const without = config.withoutLogin('quay.io');
    await without.write();
    expect(JSON.parse(readFileSync(without.path, 'utf8'))).toEqual({ auths: { __proto__x: {} } });
  });

  test('that fails leaves the file as it was and nothing beside it', async () => {
    const directory = directoryWith();
    const target = join(directory, 'gone', 'dotfiles.json');
    symlinkSync(target, join(directory, 'config.json'));
    const config = (await DockerConfig.read(directory)).withLogin('quay.io', undefined);
    await expect(config.write()).rejects.toMatchObject({ code: 'path-not-found' });
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(directory)).toEqual(['config.json']);
  });
});

test('Docker’s directory is DOCKER_CONFIG, else .docker at home', () => {
  expect(dockerConfigDirectory({ DOCKER_CONFIG: '/x' })).toBe('/x');
  expect(dockerConfigDirectory({ DOCKER_CONFIG: '' })).toMatch(/\/\.docker$/);
});
