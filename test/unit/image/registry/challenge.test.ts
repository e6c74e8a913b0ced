import { expect, test } from 'vitest';

import { parseChallenges } from '../../../../src/image/registry/challenge.js';

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
  ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
  ['', []],
  ['Bearer realm="never closed', [{ scheme: 'bearer', parameters: {} }]],
  ['=,;"', []],
])('%s', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});
