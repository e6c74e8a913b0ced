import { expect, test } from 'vitest';
import { netRuleText, parseNetRule } from '../../../../../src/engine/spec/network/net-rule.js';

const whole = (text: string): string => netRuleText(parseNetRule(text));

test.each([
  ['git.example.com', { kind: 'name', host: 'git.example.com', prefixLength: 0 }],
  ['Git.Example.COM.', { kind: 'name', host: 'git.example.com', prefixLength: 0 }],
  ['xn--bcher-kva.example', { kind: 'name', host: 'xn--bcher-kva.example', prefixLength: 0 }],
  ['*.example.com:443', { kind: 'below', host: 'example.com', prefixLength: 0, ports: [443, 443] }],
  ['a.b/UDP', { kind: 'name', host: 'a.b', prefixLength: 0, protocol: 'udp' }],
  ['192.0.2.1', { kind: 'address', host: '192.0.2.1', prefixLength: 32 }],
  [
    '10.0.0.0/8:443/tcp',
    { kind: 'address', host: '10.0.0.0', prefixLength: 8, ports: [443, 443], protocol: 'tcp' },
  ],
  ['10.1.2.3/9:1-65535', { kind: 'address', host: '10.0.0.0', prefixLength: 9, ports: [1, 65535] }],
  ['0.0.0.0/0', { kind: 'address', host: '0.0.0.0', prefixLength: 0 }],
  ['[fd00::]/8', { kind: 'address', host: 'fd00::', prefixLength: 8 }],
  ['fd00::/8', { kind: 'address', host: 'fd00::', prefixLength: 8 }],
  ['2001:db8::1:443', { kind: 'address', host: '2001:db8::1:443', prefixLength: 128 }],
  [
    '[2001:DB8:0::1]:443',
    { kind: 'address', host: '2001:db8::1', prefixLength: 128, ports: [443, 443] },
  ],
  [
    '2001:db8:ffff::/33/icmp',
    { kind: 'address', host: '2001:db8:8000::', prefixLength: 33, protocol: 'icmp' },
  ],
  ['::ffff:10.0.0.1', { kind: 'address', host: '10.0.0.1', prefixLength: 32 }],
  [
    '[::ffff:10.0.0.1]/104:53',
    { kind: 'address', host: '10.0.0.0', prefixLength: 8, ports: [53, 53] },
  ],
])('%s is read', (text, rule) => {
  expect(parseNetRule(text)).toEqual(rule);
  expect(parseNetRule(whole(text))).toEqual(rule);
});

test('one spelling is kept of each rule', () => {
  const texts = [
    'GIT.a.',
    '*.a:80-80',
    '10.9.9.9/8:1-2/TCP',
    '[FD00::1]/8',
    '[fd00::1]/8:1',
    '::ffff:a00:1/128',
  ];
  expect(texts.map(whole)).toEqual([
    ...['git.a', '*.a:80', '10.0.0.0/8:1-2/tcp', 'fd00::/8', '[fd00::]/8:1', '10.0.0.1'],
  ]);
});

test.each([
  ['', /it is not HOST/],
  ['*', /it names every host/],
  ['a.*.b', /\* is not all/],
  ['*a.b', /\* is not all/],
  ['*.*.b', /\* is not all/],
  ['bücher.example', /it is not in ASCII/],
  ['a..b', /"a\.\.b" is no name/],
  ['a.b..', /is no name/],
  ['-a.b', /is no name/],
  ['a,b', /is no name/],
  ['a.b\nc.d', /it is not HOST/],
  [`${'a'.repeat(64)}.b`, /is no name/],
  [`${'a.'.repeat(126)}bc`, /is no name/],
  ['127.1', /neither a name nor an address/],
  ['010.0.0.1', /neither a name nor an address/],
  ['0x7f000001', /neither a name nor an address/],
  ['2130706433', /neither a name nor an address/],
  ['*.1', /neither a name nor an address/],
  ['a.b/24', /a name has no prefix length/],
  ['10.0.0.0/33', /\/33 is no prefix/],
  ['[fd00::]/129', /\/129 is no prefix/],
  ['[::ffff:10.0.0.1]/95', /\/95 is no prefix/],
  ['10.0.0.0/8/sctp', /it is not HOST/],
  ['a.b:0', /"0" is no port/],
  ['a.b:', /"" is no port/],
  ['a.b:65536', /is no port/],
  ['a.b:2-1', /is no port/],
  ['a.b:http', /is no port/],
  ['a.b:1-2-3', /is no port/],
  ['a.b:1/icmp', /ICMP has no ports/],
  ['[a.b]:1', /it is not HOST/],
  ['[10.0.0.1]:1', /it is not HOST/],
  ['fe80::1%eth0', /it is not HOST/],
  ['https://a.b', /it is not HOST/],
])('%j is refused', (text, message) => {
  expect(() => parseNetRule(text)).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: expect.stringMatching(message) as string,
    }) as Error,
  );
});
