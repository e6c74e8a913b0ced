import type { BoxPort, PublishedPort } from './ports.js';

/** The ports that a start asks the host for; where the box may have any of several, one after the other. */
export class AskedPorts {
  readonly #ports: Asked[];

  /** @param last the ports of the box's last run, which it keeps where it can */
  constructor(spec: readonly BoxPort[], last: readonly PublishedPort[]) {
    const kept = [...last];
    this.#ports = spec.map((port) => {
      const at = kept.findIndex((before) => mayBe(port, before));
      const [before] = at === -1 ? [] : kept.splice(at, 1);
      return { port, hostPort: before?.hostPort ?? port.hostPort, tried: new Set() };
    });
  }

  get ports(): PublishedPort[] {
    return this.#ports.map(({ port: { protocol, hostAddress, boxPort }, hostPort }) => ({
      protocol,
      hostAddress,
      hostPort,
      boxPort,
    }));
  }

  /** Asks for another port in place of one that is in use. @returns whether there is one to ask for */
  next(busy: Omit<PublishedPort, 'boxPort'>): boolean {
    const asked = this.#ports.find(
      ({ port, hostPort }) =>
        port.protocol === busy.protocol &&
        port.hostAddress === busy.hostAddress &&
        hostPort === busy.hostPort,
    );
    if (asked === undefined) return false;
    asked.tried.add(asked.hostPort);
    const next = candidates(asked.port).find((port) => !asked.tried.has(port));
    if (next === undefined) return false;
    asked.hostPort = next;
    return true;
  }
}

interface Asked {
  port: BoxPort;
  hostPort: number;
  tried: Set<number>;
}

/** Whether the box may have got it for this one. */
function mayBe(port: BoxPort, before: PublishedPort): boolean {
  return (
    port.protocol === before.protocol &&
    port.hostAddress === before.hostAddress &&
    port.boxPort === before.boxPort &&
    (port.hostPort === 0 || candidates(port).includes(before.hostPort))
  );
}

/** 0 leaves the choice to the system. */
function candidates({ hostPort, lastHostPort = hostPort }: BoxPort): number[] {
  return Array.from({ length: lastHostPort - hostPort + 1 }, (_, index) => hostPort + index);
}
