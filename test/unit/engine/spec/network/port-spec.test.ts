import { describe, expect, it } from 'vitest';
import { parsePort } from '../../../../../src/engine/spec/network/port-spec.js';

const LOOPBACK = '127.0.0.1';
const tcp = { protocol: 'tcp', hostAddress: LOOPBACK, hostPort: 0 } as const;

describe('-p takes what Docker takes', () => {
  it.each([
    ['80', [{ ...tcp, boxPort: 80 }]],
    [':80', [{ ...tcp, boxPort: 80 }]],
    ['0:80', [{ ...tcp, boxPort: 80 }]],
    ['8080:80', [{ ...tcp, hostPort: 8080, boxPort: 80 }]],
    ['8080:80/', [{ ...tcp, hostPort: 8080, boxPort: 80 }]],
    ['5353:53/UDP', [{ ...tcp, protocol: 'udp', hostPort: 5353, boxPort: 53 }]],
    ['0.0.0.0:8080:80', [{ ...tcp, hostAddress: '0.0.0.0', hostPort: 8080, boxPort: 80 }]],
    ['127.0.0.2::80', [{ ...tcp, hostAddress: '127.0.0.2', boxPort: 80 }]],
    ['[::1]:8080:80', [{ ...tcp, hostAddress: '::1', hostPort: 8080, boxPort: 80 }]],
    ['::1:8080:80', [{ ...tcp, hostAddress: '::1', hostPort: 8080, boxPort: 80 }]],
    ['[0:0::1]::80', [{ ...tcp, hostAddress: '::1', boxPort: 80 }]],
    ['[::ffff:10.0.0.7]::80', [{ ...tcp, hostAddress: '10.0.0.7', boxPort: 80 }]],
    [
      '7000-7001:80-81',
      [
        { ...tcp, hostPort: 7000, boxPort: 80 },
        { ...tcp, hostPort: 7001, boxPort: 81 },
      ],
    ],
    [
      '80-81/udp',
      [
        { ...tcp, protocol: 'udp', boxPort: 80 },
        { ...tcp, protocol: 'udp', boxPort: 81 },
      ],
    ],
    ['7000-7010:80', [{ ...tcp, hostPort: 7000, lastHostPort: 7010, boxPort: 80 }]],
    [
      'published=8080,target=80,protocol=udp',
      [{ ...tcp, protocol: 'udp', hostPort: 8080, boxPort: 80 }],
    ],
    ['target=80', [{ ...tcp, boxPort: 80 }]],
  ])('%s', (text, ports) => {
    expect(parsePort(text, LOOPBACK)).toEqual(ports);
  });

  it('puts a port without an address on the default one', () => {
    expect(parsePort('[::]:1:80', '10.0.0.7')[0]?.hostAddress).toBe('::');
    expect(parsePort('1:80', '10.0.0.7')[0]?.hostAddress).toBe('10.0.0.7');
  });
});

describe('what -p does not take has an error in Docker’s words', () => {
  it.each([
    ['', 'no port specified: <empty>'],
    ['8080:', 'no port specified: 8080:<empty>'],
    ['8080:web', 'invalid containerPort: web'],
    ['8080:0', 'invalid containerPort: 0'],
    ['8080:65536', 'invalid containerPort: 65536'],
    ['8080:81-80', 'invalid containerPort: 81-80'],
    ['8080:-80', 'invalid containerPort: -80'],
    ['x:80', 'invalid hostPort: x'],
    ['65536:80', 'invalid hostPort: 65536'],
    ['localhost:8080:80', 'invalid IP address: localhost'],
    ['300.0.0.1:8080:80', 'invalid IP address: 300.0.0.1'],
    ['[fe80::1%eth0]:8080:80', 'invalid IP address: fe80::1%eth0'],
    ['8080:80/quic', 'invalid proto: quic'],
    [
      '7000-7005:80-81',
      'invalid ranges specified for container and host Ports: 80-81 and 7000-7005',
    ],
    ['7000:80-81', 'invalid ranges specified for container and host Ports: 80-81 and 7000'],
    ['published=8080,80', "invalid publish opts format (should be name=value but got '80')"],
  ])('%j', (text, message) => {
    expect(() => parsePort(text, LOOPBACK)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message }) as Error,
    );
  });

  it('80/sctp', () => {
    expect(() => parsePort('80:80/sctp', LOOPBACK)).toThrow(
      expect.objectContaining({ code: 'unsupported' }) as Error,
    );
  });
});
