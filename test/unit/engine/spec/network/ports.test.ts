import { describe, expect, it, test } from 'vitest';
import {
  portsCollide,
  type PublishOptions,
  settlePorts,
} from '../../../../../src/engine/spec/network/ports.js';

const settled = (options: PublishOptions, exposed: string[] = []) =>
  settlePorts(options, exposed, true);

describe('the ports of a spec', () => {
  it('come from objects and from texts as -p takes them', () => {
    const ports = [{ boxPort: 80 }, '[::1]:5353:53/udp', { boxPort: 1, hostAddress: '0::1' }];
    expect(settled({ ports }).ports).toEqual([
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 0, boxPort: 80 },
      { protocol: 'udp', hostAddress: '::1', hostPort: 5353, boxPort: 53 },
      { protocol: 'tcp', hostAddress: '::1', hostPort: 0, boxPort: 1 },
    ]);
  });

  it('are on the given default address', () => {
    const { ports } = settled({ ports: ['80'], publishAddress: '[::]'.slice(1, -1) });
    expect(ports?.[0]?.hostAddress).toBe('::');
  });

  it('are missing when nothing is published', () => {
    expect(settled({}, ['80/tcp'])).toEqual({});
  });

  it('are all that are exposed with publishAll, but for those published by name', () => {
    const chosen = { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 0 };
    expect(settled({ ports: ['8080:80'], publishAll: true }, ['80/tcp', '443/tcp'])).toEqual({
      publishAll: true,
      ports: [
        { ...chosen, hostPort: 8080, boxPort: 80 },
        { ...chosen, boxPort: 443, exposed: true },
      ],
    });
  });
});

test.each<[string, PublishOptions, string]>([
  ['a host port twice', { ports: ['1:80', '1:81'] }, '127.0.0.1:1/tcp is published twice'],
  [
    'a host port on all addresses and on one',
    { ports: ['0.0.0.0:1:80', '1:81'] },
    '127.0.0.1:1/tcp is published twice',
  ],
  ['a box port of 0', { ports: [{ boxPort: 0 }] }, 'invalid containerPort: 0'],
  ['half a port', { ports: [{ boxPort: 80, hostPort: 1.5 }] }, 'invalid hostPort: 1.5'],
  ['a name as an address', { ports: [{ boxPort: 1, hostAddress: 'x' }] }, 'invalid IP address: x'],
  ['a name as the default', { publishAddress: 'localhost' }, 'invalid IP address: localhost'],
  [
    'more ports than a shim may open',
    { ports: ['1-600:1-600'] },
    'a box can publish 512 ports, not 600',
  ],
])('%s is refused', (_what, options, message) => {
  expect(() => settled(options)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', message }) as Error,
  );
});

test.each<[PublishOptions, string]>([
  [{ ports: ['80'] }, 'leave out either --publish or --network none'],
  [{ publishAll: true }, 'leave out either --publish-all or --network none'],
])('%j is refused for a box without a network', (options, hint) => {
  expect(() => settlePorts(options, [], false)).toThrow(
    expect.objectContaining({ code: 'invalid-argument', hint }) as Error,
  );
});

test('an exposed port of SCTP can’t be published', () => {
  expect(() => settled({ publishAll: true }, ['9/sctp'])).toThrow(
    expect.objectContaining({ code: 'unsupported' }) as Error,
  );
});

test('a port collides with itself on the same and on all addresses, by protocol and family', () => {
  const port = { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 1, boxPort: 80 } as const;
  const others = [
    { ...port, boxPort: 81 },
    { ...port, hostAddress: '0.0.0.0' },
    { ...port, hostAddress: '127.0.0.2' },
    { ...port, hostAddress: '::' },
    { ...port, protocol: 'udp' as const },
    { ...port, hostPort: 2 },
  ];
  expect(others.map((other) => portsCollide(port, other))).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});
