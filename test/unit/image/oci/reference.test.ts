import { describe, expect, test } from 'vitest';
import { BoxliteError } from '../../../../src/errors.js';
import {
  candidates,
  canonicalName,
  familiarName,
  localName,
  parseReference,
  storedNames,
} from '../../../../src/image/oci/reference.js';

const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;

/** Where a reference is pulled from with the default search list. */
function full(text: string): string {
  return candidates(parseReference(text)).map(canonicalName).join(' ');
}

describe('a well-formed reference', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
    ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['index.docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
    ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app:1', 'localhost:5000/app:1', 'localhost:5000/app:1'],
    ['host:80/a/b/c', 'host:80/a/b/c:latest', 'host:80/a/b/c:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['127.0.0.1/app', '127.0.0.1/app:latest', '127.0.0.1/app:latest'],
    ['HOST/app', 'HOST/app:latest', 'HOST/app:latest'],
    ['quay.io/a/b:Tag_1.0-x', 'quay.io/a/b:Tag_1.0-x', 'quay.io/a/b:Tag_1.0-x'],
    [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`, `alpine@${DIGEST}`],
    [`a:1@${DIGEST}`, `docker.io/library/a:1@${DIGEST}`, `a:1@${DIGEST}`],
    ['a__b/c-_d', '', ''],
    ['localhost', 'docker.io/library/localhost:latest', 'localhost:latest'],
    ['localhost/a/b@' + DIGEST, `localhost/a/b@${DIGEST}`, `localhost/a/b@${DIGEST}`],
    ['Foo/bar', 'Foo/bar:latest', 'Foo/bar:latest'],
    ['docker.io', 'docker.io/library/docker.io:latest', 'docker.io:latest'],
    ['registry-1.docker.io/a', 'registry-1.docker.io/a:latest', 'registry-1.docker.io/a:latest'],
    ['host.io:0443/a', 'host.io:0443/a:latest', 'host.io:0443/a:latest'],
    [`quay.io/${HEX}`, `quay.io/${HEX}:latest`, `quay.io/${HEX}:latest`],
    [`${HEX}:1`, `docker.io/library/${HEX}:1`, `${HEX}:1`],
    [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`, `a:${'t'.repeat(128)}`],
    [`q.io/${'x'.repeat(255)}`, `q.io/${'x'.repeat(255)}:latest`, ''],
    ['alpine:3/x', 'alpine:3/x:latest', 'alpine:3/x:latest'],
    ['x'.repeat(247), `docker.io/library/${'x'.repeat(247)}:latest`, ''],
    ['a:latest', 'docker.io/library/a:latest', 'a:latest'],
    ['a:_x', 'docker.io/library/a:_x', 'a:_x'],
    ['a__b/c---d.e_f', 'docker.io/a__b/c---d.e_f:latest', 'a__b/c---d.e_f:latest'],
    [`sha256:${HEX}`, `docker.io/library/sha256:${HEX}`, `sha256:${HEX}`],
    [`x@sha512:${'b'.repeat(128)}`, `docker.io/library/x@sha512:${'b'.repeat(128)}`, ''],
  ])('%s means %s', (text, canonical, familiar) => {
    if (canonical === '') {
      expect(() => parseReference(text)).toThrow(BoxliteError);
      return;
    }
    expect(full(text)).toBe(canonical);
    const [first] = candidates(parseReference(text));
    if (first !== undefined && familiar !== '') expect(familiarName(first)).toBe(familiar);
    expect(full(canonical)).toBe(canonical);
  });
});

describe('a malformed reference', () => {
  test.each([
    ['', 1, 'empty'],
    ['Alpine', 1, 'lower case'],
    ['user/App', 6, 'lower case'],
    ['foo//bar', 5, 'empty'],
    ['/foo', 1, 'empty'],
    ['foo/', 5, 'empty'],
    ['foo:', 5, 'tag is empty'],
    ['foo:-x', 5, 'begins with'],
    ['foo:a b', 6, 'a tag holds'],
    [`foo:${'x'.repeat(129)}`, 133, 'at most 128'],
    ['foo@', 5, 'digest'],
    ['foo@sha256:abc', 5, 'digest'],
    [`foo@md5:${'a'.repeat(32)}`, 5, 'digest'],
    [`foo@${DIGEST}:tag`, 5, 'digest'],
    [`foo@${DIGEST}@${DIGEST}`, 5, 'digest'],
    [`@${DIGEST}`, 1, 'missing'],
    [':tag', 1, 'missing'],
    ['foo:a:b', 6, 'a tag holds'],
    ['foo bar:tag', 4, 'lower-case letters'],
    ['alpine\n', 7, 'lower-case letters'],
    ['registry.io/Team/app', 13, 'lower case'],
    [`a/${'x'.repeat(254)}`, 256, 'at most 255'],
    [`foo@sha256:${'A'.repeat(64)}`, 5, 'digest'],
    ['a..b', 2, 'separators'],
    ['a___b', 2, 'separators'],
    ['-a', 1, 'separators'],
    ['a-', 2, 'separators'],
    ['host:99999/a', 6, 'port'],
    ['host:x/a', 6, 'port'],
    ['-host.io/a', 1, 'host name'],
    ['good.-bad.io/a', 6, 'host name'],
    ['my_host.io/a', 3, 'host name'],
    ['host-.io/a', 5, 'host name'],
    ['host./a', 6, 'host name'],
    [':5000/a', 1, 'host name'],
    ['host:/a', 6, 'port'],
    ['[zz]:1/a', 1, 'IPv6'],
    ['[::ffff:1.2.3.4]/a', 1, 'IPv6'],
    ['[fe80::1%25eth0]/a', 1, 'IPv6'],
    ['[::1/a', 1, 'IPv6'],
    ['localhost:5000/', 16, 'missing'],
    ['fоo', 2, 'lower-case letters'],
    ['a b', 2, 'lower-case letters'],
    ['a\0b', 2, 'lower-case letters'],
    ['../../etc', 1, 'host name'],
    ['x/../y', 3, 'separators'],
    [HEX, 1, '64 hex digits'],
    ['x'.repeat(248), 248, 'at most 255'],
    [`docker.io/${'x'.repeat(248)}`, 258, 'at most 255'],
    [`q.io/${'x'.repeat(256)}`, 261, 'at most 255'],
  ])('%j is refused at character %d', (text, character, rule) => {
    try {
      parseReference(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid-reference' });
      expect(String(error)).toContain(`(character ${character})`);
      expect(String(error)).toContain(rule);
    }
  });
});

test.each([
  [
    'alpine:3 .20',
    'invalid image reference "alpine:3 .20": a tag holds letters, digits, underscores, dots and dashes (character 9)',
    '  alpine:3 .20',
    '          ^',
  ],
  [
    'foo/',
    'invalid image reference "foo/": a part of the name between slashes is empty (character 5)',
    '  foo/',
    '      ^',
  ],
  [
    'quay.io/fоo',
    'invalid image reference "quay.io/fоo": a name holds lower-case letters, digits and . _ - between them (character 10)',
    '  quay.io/f\\u{43e}o',
    '           ^',
  ],
  [
    `${'a'.repeat(100)}!${'b'.repeat(100)}`,
    'invalid image reference: a name holds lower-case letters, digits and . _ - between them (character 101)',
    `  …${'a'.repeat(40)}!${'b'.repeat(19)}…`,
    `   ${' '.repeat(40)}^`,
  ],
])('%j is shown with the offending character pointed at', (text, ...lines) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({ message: lines.join('\n') }) as Error,
  );
});

test('a short name is looked for along the search list, in order', () => {
  const list = ['ghcr.io/team', 'docker.io', 'localhost:5000'];
  expect(candidates(parseReference('app:1'), list).map(canonicalName)).toEqual([
    'ghcr.io/team/app:1',
    'docker.io/library/app:1',
    'localhost:5000/app:1',
  ]);
  expect(candidates(parseReference('quay.io/app:1'), list).map(canonicalName)).toEqual([
    'quay.io/app:1',
  ]);
  expect(candidates(parseReference('app'), []).map(canonicalName)).toEqual([
    'docker.io/library/app:latest',
  ]);
});

test('a name that the search list makes too long is refused', () => {
  expect(() => candidates(parseReference('x'.repeat(240)), ['q.io/a-team-of-people'])).toThrow(
    expect.objectContaining({
      code: 'invalid-reference',
      message: expect.stringContaining('with q.io/a-team-of-people in front') as string,
    }) as Error,
  );
});

test.each(['', 'bad host', 'host/UPPER', 'host//x', 'host:port'])(
  'the search list refuses %j',
  (place) => {
    expect(() => candidates(parseReference('a'), [place])).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }) as Error,
    );
  },
);

test('the store is asked for the places to pull from, then for what was made here', () => {
  expect(storedNames('busybox')).toEqual([
    'docker.io/library/busybox:latest',
    'localhost/busybox:latest',
  ]);
  expect(storedNames('localhost/busybox')).toEqual(['localhost/busybox:latest']);
  expect(localName('busybox:1')).toBe('localhost/busybox:1');
  expect(localName('quay.io/busybox')).toBe('quay.io/busybox:latest');
});
