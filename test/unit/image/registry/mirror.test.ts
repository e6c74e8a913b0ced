import { expect, test } from 'vitest';
import { BoxliteError } from '../../../../src/errors.js';
import { parseMirror } from '../../../../src/image/registry/mirror.js';
import { firstThatHas } from '../../../../src/image/registry/mirrored.js';

test.each([
  ['mirror.test', { host: 'mirror.test', scheme: undefined, prefix: '' }],
  ['mirror.test:5000', { host: 'mirror.test:5000', scheme: undefined, prefix: '' }],
  ['https://mirror.test/', { host: 'mirror.test', scheme: 'https', prefix: '' }],
  ['http://10.0.0.1:5000', { host: '10.0.0.1:5000', scheme: 'http', prefix: '' }],
  ['[::1]:5000', { host: '[::1]:5000', scheme: undefined, prefix: '' }],
  ['mirror.test/hub/docker', { host: 'mirror.test', scheme: undefined, prefix: 'hub/docker/' }],
])('%s is a mirror', (text, mirror) => {
  expect(parseMirror(text)).toEqual(mirror);
});

test.each([
  '',
  'ftp://mirror.test',
  'http://',
  'me:secret@mirror.test',
  'mirror.test/UPPER',
  'mirror.test?x',
  'two words',
  'host:port',
])('%j is no mirror', (text) => {
  expect(() => parseMirror(text)).toThrow(
    expect.objectContaining({ code: 'invalid-argument' }) as Error,
  );
});

test('a password in front of a mirror is not repeated', () => {
  expect(() => parseMirror('https://me:s3cret@mirror.test')).toThrow(
    'invalid registry mirror: "https://…@mirror.test"',
  );
});

const hosts = [{ name: 'first' }, { name: 'second' }, { name: 'registry' }];

test('mirrors are asked in order, the registry last, until one has it', async () => {
  const asked: string[] = [];
  const found = await firstThatHas(hosts, ({ name }) => {
    asked.push(name);
    return name === 'first'
      ? Promise.reject(new BoxliteError('image-not-found', 'not in first'))
      : Promise.resolve(name);
  });
  expect([found, asked]).toEqual(['second', ['first', 'second']]);
});

test('when all fail it is the registry’s failure, with a line for each mirror', async () => {
  const work = firstThatHas(hosts, ({ name }) =>
    Promise.reject(
      new BoxliteError(name === 'registry' ? 'registry-auth' : 'registry-unreachable', name, {
        hint: `about ${name}`,
      }),
    ),
  );
  await expect(work).rejects.toMatchObject({
    code: 'registry-auth',
    message: 'registry\n  of its mirrors: first\n  of its mirrors: second',
    hint: 'about registry',
  });
});

test.each([new BoxliteError('cancelled', 'stop'), new TypeError('a bug')])(
  'nobody else is asked after %s',
  async (error) => {
    const asked: string[] = [];
    const work = firstThatHas(hosts, ({ name }) => {
      asked.push(name);
      return Promise.reject(error);
    });
    await expect(work).rejects.toBe(error);
    expect(asked).toEqual(['first']);
  },
);
