import { describe, expect, it } from 'vitest';
import { AskedPorts } from '../../../../../src/engine/spec/network/asked-ports.js';
import type { BoxPort, PublishedPort } from '../../../../../src/engine/spec/network/ports.js';

const port = (hostPort: number, lastHostPort?: number): BoxPort => ({
  protocol: 'tcp',
  hostAddress: '127.0.0.1',
  hostPort,
  boxPort: 80,
  ...(lastHostPort !== undefined && { lastHostPort }),
});
const asks = ({ ports }: AskedPorts): number[] => ports.map(({ hostPort }) => hostPort);
const busy = (hostPort: number): PublishedPort => port(hostPort);

describe('a start', () => {
  it('asks for the ports that the spec names', () => {
    expect(new AskedPorts([port(8080), port(0)], []).ports).toEqual([port(8080), port(0)]);
  });

  it('asks again for those that the system chose', () => {
    expect(asks(new AskedPorts([port(0), port(0)], [busy(49_153), busy(49_154)]))).toEqual([
      ...[49_153, 49_154],
    ]);
  });

  it('does not ask for a port that was another port’s', () => {
    const others: PublishedPort[] = [
      { ...busy(1), protocol: 'udp' },
      { ...busy(2), hostAddress: '::1' },
      { ...busy(3), boxPort: 81 },
    ];
    expect(asks(new AskedPorts([port(0)], others))).toEqual([0]);
    expect(asks(new AskedPorts([port(8000, 8002)], [busy(9000)]))).toEqual([8000]);
  });
});

describe('when a port is in use', () => {
  it('has no other for one that is named', () => {
    const asked = new AskedPorts([port(8080)], []);
    expect(asked.next(busy(8080))).toBe(false);
    expect(asks(asked)).toEqual([8080]);
  });

  it('leaves the choice to the system for one that it chose before, once', () => {
    const asked = new AskedPorts([port(0)], [busy(49_153)]);
    expect(asked.next(busy(49_153))).toBe(true);
    expect(asks(asked)).toEqual([0]);
    expect(asked.next(busy(0))).toBe(false);
  });

  it('tries each of a range, the last run’s first', () => {
    const asked = new AskedPorts([port(8000, 8002)], [busy(8001)]);
    const tried = [8001, 8000, 8002].map((each) => [asks(asked)[0], asked.next(busy(each))]);
    expect(tried).toEqual([
      [8001, true],
      [8000, true],
      [8002, false],
    ]);
  });

  it('knows nothing of a port that it has not asked for', () => {
    expect(new AskedPorts([port(8000, 8002)], []).next(busy(8001))).toBe(false);
  });
});
