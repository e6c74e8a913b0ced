import { expect, test } from 'vitest';
import { parseChallenges } from '../../../../../src/image/registry/auth/challenge.js';

test.each([
  [
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull"',
    [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.example.com/token',
          service: 'registry',
          scope: 'repository:a/b:pull',
        },
      },
    ],
  ],
  [
    'Basic realm="a \\"quoted\\" one"',
    [{ scheme: 'basic', parameters: { realm: 'a "quoted" one' } }],
  ],
  [
    'Basic realm=x, Bearer Realm="y", service = z',
    [
      { scheme: 'basic', parameters: { realm: 'x' } },
      { scheme: 'bearer', parameters: { realm: 'y', service: 'z' } },
    ],
  ],
  [
    'Bearer realm="https://a/t?x=1,2&y=\\"z\\"" ,, SERVICE="a, b=c" ,Basic realm="r", Digest nonce=n',
    [
      { scheme: 'bearer', parameters: { realm: 'https://a/t?x=1,2&y="z"', service: 'a, b=c' } },
      { scheme: 'basic', parameters: { realm: 'r' } },
      { scheme: 'digest', parameters: { nonce: 'n' } },
    ],
  ],
  [
    'Negotiate YII+/9==, NTLM TlRM, bearer realm="y"',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'ntlm', parameters: {} },
      { scheme: 'bearer', parameters: { realm: 'y' } },
    ],
  ],
  [
    'Bearer realm=https://a/t?x=1,service=a/b',
    [{ scheme: 'bearer', parameters: { realm: 'https://a/t?x=1', service: 'a/b' } }],
  ],
  ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['', []],
  ['Bearer realm="never closed', [{ scheme: 'bearer', parameters: {} }]],
  ['=,;"', []],
])('%s', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});
