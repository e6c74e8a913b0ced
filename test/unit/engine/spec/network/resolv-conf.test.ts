import { expect, test } from 'vitest';
import { OWN_NETWORK } from '../../../../../src/engine/spec/network/own-network.js';
import { resolvConf, settleResolver } from '../../../../../src/engine/spec/network/resolv-conf.js';

const HOST = `# made by a program
nameserver 192.0.2.1
domain old.test
options ndots:2 ; not these
search a.test b.test. # nor this
options  edns0	trust-ad ndots:2
`;

test.each([
  ['', {}, 'nameserver 10.0.2.3\n'],
  [HOST, {}, 'nameserver 10.0.2.3\nsearch a.test b.test.\noptions ndots:2 edns0 trust-ad\n'],
  ['domain only.test', {}, 'nameserver 10.0.2.3\nsearch only.test\n'],
  ['search', {}, 'nameserver 10.0.2.3\n'],
  [
    HOST,
    { dns: ['1.1.1.1', '2001:db8::53'], dnsOptions: ['rotate'] },
    'nameserver 1.1.1.1\nnameserver 2001:db8::53\nsearch a.test b.test.\noptions rotate\n',
  ],
  [HOST, { dnsSearch: ['.'] }, 'nameserver 10.0.2.3\noptions ndots:2 edns0 trust-ad\n'],
  // Nothing but names and options is taken over from a file that somebody else may write.
  [
    'search ok.test $(id) a\x1b[2J\noptions x y:z=1',
    {},
    'nameserver 10.0.2.3\nsearch ok.test\noptions x\n',
  ],
])('of the host’s %j and %j a box has %j', (host, spec, expected) => {
  expect(resolvConf(spec, host)).toBe(expected);
});

test('a box in a network with a name asks for names of one word as they are', () => {
  const conf = (spec: object, host: string): string => resolvConf(spec, host, OWN_NETWORK, true);
  expect(conf({}, '')).toBe('nameserver 10.0.2.3\noptions ndots:0\n');
  expect(conf({}, 'options edns0')).toContain('options edns0 ndots:0\n');
  expect(conf({}, HOST)).toContain('options ndots:2 edns0 trust-ad\n');
  expect(conf({ dnsOptions: ['ndots:1'] }, HOST)).toContain('options ndots:1\n');
});

test.each([
  [{ dns: 'x' }, 'x is not an ip address'],
  [{ dns: ['1.1.1.1', 'fe80::1%eth0'] }, 'fe80::1%eth0 is not an ip address'],
  [{ dns: ['1.1.1.1 '] }, '1.1.1.1  is not an ip address'],
  [{ dnsSearch: ['a b'] }, 'a b is not a valid domain'],
  [{ dnsSearch: ['a\nnameserver 6.6.6.6'] }, 'is not a valid domain'],
  [{ dnsOptions: ['a\nb'] }, 'is not an option of resolv.conf'],
  [{ dnsOptions: [''] }, '"" is not an option of resolv.conf'],
])('%j is refused', (options, message) => {
  expect(() => settleResolver(options, true)).toThrow(message);
});

test('one name server may be given as it is', () => {
  expect(settleResolver({ dns: '1.1.1.1' }, true)).toEqual({ dns: ['1.1.1.1'] });
  expect(settleResolver({ dns: [], dnsSearch: [] }, false)).toEqual({});
});

test('a box without a network is not asked for names', () => {
  expect(() => settleResolver({ dns: '1.1.1.1', dnsOptions: ['rotate'] }, false)).toThrow(
    expect.objectContaining({
      message: 'a box without a network has no name server',
      hint: 'leave out either --dns and --dns-option or --network none',
    }),
  );
});
