import { describe, expect, test } from 'vitest';
import { Authorizer, type AuthorizerOptions } from '../../../../../src/image/registry/auth/auth.js';
import {
  type Credentials,
  withoutSecrets,
} from '../../../../../src/image/registry/auth/credentials.js';
import type { HttpResponse } from '../../../../../src/image/registry/http/http.js';
import { answer } from '../../../../helpers/answers.js';

const REALM = 'https://auth.test/token';
const BEARER = `Bearer realm="${REALM}",service="registry.test"`;
const SCOPE = 'repository:a/b:pull';
const ME: Credentials = { username: 'me', password: 'p:w' };

interface Asked {
  url: string;
  authorization?: string;
  form?: Record<string, string>;
}

/** A token server in the place of one: `give` answers the n-th request. */
function world(
  give: (count: number) => HttpResponse,
  credentials?: Credentials,
  options: Partial<AuthorizerOptions> = {},
): { authorizer: Authorizer; asked: Asked[]; clock: { ms: number }; lookUps: () => number } {
  const asked: Asked[] = [];
  const clock = { ms: 0 };
  let lookUps = 0;
  const requester = {
    get: (url: URL, { authorization }: Record<string, string>) => {
      asked.push({ url: url.href, ...(authorization === undefined ? {} : { authorization }) });
      return Promise.resolve(give(asked.length));
    },
    postForm: (url: URL, form: Readonly<Record<string, string>>) => {
      asked.push({ url: url.href, form });
      return Promise.resolve(give(asked.length));
    },
  };
  const authorizer = new Authorizer('registry.test', requester, {
    credentialsOf: () => {
      lookUps++;
      return Promise.resolve(credentials);
    },
    insecure: false,
    now: () => clock.ms,
    ...options,
  });
  return { authorizer, asked, clock, lookUps: () => lookUps };
}

const token = (count: number): HttpResponse =>
  answer({ body: { token: `t${count}`, expires_in: 100 } });
const at = (query: string): string => `${REALM}?service=registry.test${query}`;
const scope = (name: string): string => `&scope=repository%3A${name.replace('/', '%2F')}%3Apull`;

test.each([0, -1, undefined])(
  'a token that lives for %j s is kept for a minute',
  async (seconds) => {
    const give = (count: number) => answer({ body: { token: `t${count}`, expires_in: seconds } });
    const { authorizer, asked, clock } = world(give);
    await authorizer.answer(BEARER, SCOPE, undefined);
    clock.ms = 50_000;
    expect(await authorizer.header(SCOPE)).toBe('Bearer t1');
    clock.ms = 60_000;
    expect(await authorizer.header(SCOPE)).toBe('Bearer t2');
    expect(asked).toHaveLength(2);
  },
);

test.each([
  ['Basic realm="r", Bearer realm="https://auth.test/token"', 'Bearer t1'],
  ['bearer REALM="https://auth.test/token?a=b", Basic realm="r"', 'Bearer t1'],
  ['Negotiate, Basic realm="r"', `Basic ${Buffer.from('me:p:w').toString('base64')}`],
  ['Bearer service="x", Basic realm="r"', `Basic ${Buffer.from('me:p:w').toString('base64')}`],
])('of %s one that can be answered is', async (asked, header) => {
  expect(await world(token, ME).authorizer.answer(asked, SCOPE, undefined)).toBe(header);
});

test('what a realm asks for itself goes along', async () => {
  const { authorizer, asked } = world(token);
  await authorizer.answer('Bearer realm="https://auth.test/t?a=b"', SCOPE, undefined);
  expect(asked[0]?.url).toBe(`https://auth.test/t?a=b${scope('a/b')}`);
});

describe('a bearer token', () => {
  test('is asked for without credentials when there are none', async () => {
    const { authorizer, asked } = world(token);
    expect(await authorizer.header(SCOPE)).toBeUndefined();
    expect(await authorizer.answer(BEARER, SCOPE, undefined)).toBe('Bearer t1');
    expect(asked).toEqual([{ url: at(scope('a/b')) }]);
  });

  test('is asked for with Basic by name and password', async () => {
    const { authorizer, asked } = world(token, ME);
    await authorizer.answer(BEARER, SCOPE, undefined);
    const authorization = `Basic ${Buffer.from('me:p:w').toString('base64')}`;
    expect(asked).toEqual([{ url: at(`${scope('a/b')}&account=me`), authorization }]);
  });

  test('is traded for an identity token by a form, never by a URL', async () => {
    const { authorizer, asked } = world(token, { identityToken: 'id' });
    expect(await authorizer.answer(BEARER, SCOPE, undefined)).toBe('Bearer t1');
    const form = {
      grant_type: 'refresh_token',
      refresh_token: 'id',
      client_id: 'boxlite',
      service: 'registry.test',
      scope: SCOPE,
    };
    expect(asked).toEqual([{ url: REALM, form }]);
  });

  test('that was given to be sent as it is costs no request', async () => {
    const { authorizer, asked } = world(token, { registryToken: 'ready' });
    expect(await authorizer.answer(BEARER, SCOPE, undefined)).toBe('Bearer ready');
    expect(asked).toEqual([]);
  });

  test('is kept by scope until it expires', async () => {
    const { authorizer, asked, clock } = world(token);
    await authorizer.answer(BEARER, SCOPE, undefined);
    clock.ms = 89_999;
    expect(await authorizer.header(SCOPE)).toBe('Bearer t1');
    expect(await authorizer.header('repository:c:pull')).toBe('Bearer t2');
    clock.ms = 90_000;
    // Before it is refused: ten of its hundred seconds are left.
    expect(await authorizer.header(SCOPE)).toBe('Bearer t3');
    expect(asked.map(({ url }) => url)).toEqual([
      at(scope('a/b')),
      at('&scope=repository%3Ac%3Apull'),
      at(scope('a/b')),
    ]);
  });

  test('lives for a minute when its server does not say', async () => {
    const { authorizer, clock } = world((count) => answer({ body: { access_token: `t${count}` } }));
    await authorizer.answer(BEARER, SCOPE, undefined);
    clock.ms = 53_999;
    expect(await authorizer.header(SCOPE)).toBe('Bearer t1');
    clock.ms = 54_000;
    expect(await authorizer.header(SCOPE)).toBe('Bearer t2');
  });

  test('is got anew when the registry refuses it, once for all who use it', async () => {
    const { authorizer, asked, lookUps } = world(token, ME);
    await authorizer.answer(BEARER, SCOPE, undefined);
    const refused = 'Bearer t1';
    const headers = await Promise.all(
      [1, 2, 3].map(() => authorizer.answer(BEARER, SCOPE, refused)),
    );
    expect(headers).toEqual(['Bearer t2', 'Bearer t2', 'Bearer t2']);
    expect(await authorizer.answer(BEARER, SCOPE, refused)).toBe('Bearer t2');
    expect(asked).toHaveLength(2);
    expect(lookUps()).toBe(1);
  });

  test('is asked for once by many that need it at the same time, when it expired too', async () => {
    const { authorizer, asked, clock } = world(token);
    await Promise.all([1, 2, 3].map(() => authorizer.answer(BEARER, SCOPE, undefined)));
    expect(asked).toHaveLength(1);
    clock.ms = 1e6;
    const headers = await Promise.all([1, 2, 3].map(() => authorizer.header(SCOPE)));
    expect(headers).toEqual(['Bearer t2', 'Bearer t2', 'Bearer t2']);
    expect(asked).toHaveLength(2);
  });

  test('that comes again after it was refused is not shown again', async () => {
    const { authorizer } = world(() => answer({ body: { token: 'same' } }));
    await authorizer.answer(BEARER, SCOPE, undefined);
    expect(await authorizer.answer(BEARER, SCOPE, 'Bearer same')).toBeUndefined();
  });

  test('that could not be got is asked for again by the next one', async () => {
    const { authorizer } = world((count) => (count === 1 ? answer({ status: 500 }) : token(count)));
    await expect(authorizer.answer(BEARER, SCOPE, undefined)).rejects.toThrow('HTTP 500');
    expect(await authorizer.answer(BEARER, SCOPE, undefined)).toBe('Bearer t2');
  });

  test('goes by access_token when there are both', async () => {
    const { authorizer } = world(() => answer({ body: { token: 'a', access_token: 'b' } }));
    expect(await authorizer.answer(BEARER, SCOPE, undefined)).toBe('Bearer b');
  });
});

describe('an identity token', () => {
  test('is asked for by a log-in, and given', async () => {
    const give = (): HttpResponse => answer({ body: { token: 't', refresh_token: 'id' } });
    const { authorizer, asked } = world(give, ME, { offline: true });
    await authorizer.answer(BEARER, '', undefined);
    expect(authorizer.identityToken).toBe('id');
    expect(asked[0]?.url).toBe(at('&offline_token=true&client_id=boxlite&account=me'));
  });

  test('is followed by its successor', async () => {
    const give = (count: number): HttpResponse =>
      answer({ body: { access_token: 't', refresh_token: `id${count}`, expires_in: 1 } });
    const { authorizer, asked, clock } = world(give, { identityToken: 'id0' });
    await authorizer.answer(BEARER, SCOPE, undefined);
    clock.ms = 5000;
    await authorizer.header(SCOPE);
    expect(asked.map(({ form }) => form?.refresh_token)).toEqual(['id0', 'id1']);
  });
});

describe('Basic', () => {
  const BASIC = 'Basic realm="x"';
  const header = `Basic ${Buffer.from('me:p:w').toString('base64')}`;

  test('is the name and the password, for every scope, looked up once', async () => {
    const { authorizer, lookUps } = world(token, ME);
    expect(await authorizer.answer(BASIC, SCOPE, undefined)).toBe(header);
    expect(await authorizer.header('repository:c:pull')).toBe(header);
    expect(lookUps()).toBe(1);
  });

  test('is not repeated after it was refused', async () => {
    const { authorizer } = world(token, ME);
    await authorizer.answer(BASIC, SCOPE, undefined);
    expect(await authorizer.answer(BASIC, SCOPE, header)).toBeUndefined();
  });

  test.each([[undefined], [{ identityToken: 'id' }]])('has nothing to say for %j', async (who) => {
    const { authorizer } = world(token, who);
    expect(await authorizer.answer(BASIC, SCOPE, undefined)).toBeUndefined();
  });
});

test.each([undefined, '', 'Negotiate', '=,'])(
  'a 401 that asks for %j has no answer',
  async (it) => {
    const { authorizer, lookUps } = world(token, ME);
    expect(await authorizer.answer(it, SCOPE, undefined)).toBeUndefined();
    expect(lookUps()).toBe(0);
  },
);

describe('a hostile registry or token server', () => {
  test.each([
    ['http://auth.test/token', ME, false],
    ['http://auth.test/token', { identityToken: 'id' }, false],
    ['http://auth.test/token', undefined, true],
    ['file:///etc/passwd', undefined, false],
    ['//auth.test', undefined, false],
    ['', undefined, false],
  ])('that sends us to the realm %s with %j is followed: %s', async (realm, who, followed) => {
    const { authorizer, asked } = world(token, who);
    const work = authorizer.answer(`Bearer realm="${realm}"`, SCOPE, undefined);
    if (followed) expect(await work).toBe('Bearer t1');
    else await expect(work).rejects.toMatchObject({ code: 'registry-protocol' });
    expect(asked).toHaveLength(followed ? 1 : 0);
  });

  test('gets credentials in the clear when the user called it insecure', async () => {
    const { authorizer } = world(token, ME, { insecure: true });
    const asked = 'Bearer realm="http://auth.test/token"';
    expect(await authorizer.answer(asked, SCOPE, undefined)).toBe('Bearer t1');
  });

  test('does not make us send credentials that stand in its realm', async () => {
    const { authorizer, asked } = world(token);
    await authorizer.answer('Bearer realm="https://you:pw@auth.test/t"', SCOPE, undefined);
    expect(asked[0]?.url).toBe('https://auth.test/t?scope=repository%3Aa%2Fb%3Apull');
  });

  test.each([
    ['a token that adds a header', { token: 'a\r\nX-Evil: 1' }, 'no usable token'],
    ['an empty token', { token: '' }, 'no usable token'],
    ['no token', {}, 'no usable token'],
    ['a number for a token', { token: 7 }, 'token must be a string'],
    ['a word for its life', { token: 't', expires_in: 'long' }, 'expires_in must be a number'],
    ['a list', '[]', 'must be an object'],
    ['half a document', '{"token":"s3cret"', 'is not valid JSON'],
    ['an answer without end', 'x'.repeat(300_000), 'is larger than'],
  ])('that answers with %s gets nowhere', async (_what, body, message) => {
    const { authorizer } = world(() => answer({ body }), ME);
    const error: unknown = await authorizer
      .answer(BEARER, SCOPE, undefined)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'registry-protocol',
      message: expect.stringContaining(message) as string,
    });
    // The parser's own error would quote what it read.
    expect(error).not.toHaveProperty('cause');
  });

  test.each([
    [401, ME, 'registry-auth', 'refuses the user name or password'],
    [403, ME, 'registry-auth', 'refuses the user name or password'],
    [401, undefined, 'registry-auth', 'gives no token to strangers'],
    [400, { identityToken: 'id' }, 'registry-auth', 'refuses the identity token'],
    [400, ME, 'registry-protocol', 'gave no token'],
    [302, { identityToken: 'id' }, 'registry-protocol', 'gave no token'],
  ])('that says %d to %j is told apart', async (status, who, code, message) => {
    const { authorizer } = world(() => answer({ status }), who);
    await expect(authorizer.answer(BEARER, SCOPE, undefined)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });
});

test('the words of a server are shown without what was sent to it', () => {
  const basic = `Basic ${Buffer.from('me:s3:cret').toString('base64')}`;
  expect(withoutSecrets(`no me:s3:cret, ${basic}, s3:cret`, basic)).toBe('no …, Basic …, …');
  expect(withoutSecrets('no abc', 'Bearer abc')).toBe('no …');
  expect(withoutSecrets('no abc', undefined)).toBe('no abc');
  expect(withoutSecrets('no', 'Basic ')).toBe('no');
});
