import { expect, test } from 'vitest';
import { portsText } from '../../../../../src/cli/output/text/ports-text.js';

const port = (hostAddress: string, hostPort: number, boxPort: number, protocol = 'tcp') => ({
  ...{ hostAddress, hostPort, boxPort, protocol: protocol as 'tcp' | 'udp' },
});

test.each([
  ['nothing', [], [], ''],
  ['a port that is only exposed', ['80/tcp'], [], '80/tcp'],
  [
    'a range that has the same numbers on both sides, before what has not',
    ['8000/tcp', '8001/tcp', '8002/tcp', '9000/tcp', '80/tcp'],
    [
      ...[8000, 8001, 8002].map((each) => port('127.0.0.1', each, each)),
      port('127.0.0.1', 8080, 80),
    ],
    '127.0.0.1:8000-8002->8000-8002/tcp, 9000/tcp, 127.0.0.1:8080->80/tcp',
  ],
  [
    'ports of other addresses and protocols, each by itself',
    ['53/tcp', '53/udp'],
    [port('::', 53, 53), port('0.0.0.0', 53, 53, 'udp'), port('0.0.0.0', 53, 53)],
    '0.0.0.0:53->53/tcp, 0.0.0.0:53->53/udp, [::]:53->53/tcp',
  ],
  [
    'a port of the box twice on the host',
    ['80/tcp'],
    [port('127.0.0.1', 81, 80), port('127.0.0.1', 80, 80)],
    '127.0.0.1:80->80/tcp, 127.0.0.1:81->80/tcp',
  ],
])('%s', (_what, exposed, published, text) => {
  expect(portsText(exposed, published)).toBe(text);
});
