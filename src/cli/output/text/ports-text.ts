interface Range {
  protocol: string;
  first: number;
  last: number;
}

/**
 * A box's ports as Docker shows them: `80/tcp, 9000-9002/udp`. Consecutive ports of a protocol form a range.
 */
export function portsText(ports: readonly string[]): string {
  const open = new Map<string, Range>();
  const shown: Range[] = [];
  for (const { port, protocol } of ports.map(partsOf).sort(byPort)) {
    const range = open.get(protocol);
    if (range !== undefined && port === range.last + 1) range.last = port;
    else {
      if (range !== undefined) shown.push(range);
      open.set(protocol, { protocol, first: port, last: port });
    }
  }
  return [...shown, ...open.values()].map(textOf).join(', ');
}

interface Port {
  port: number;
  protocol: string;
}

function partsOf(text: string): Port {
  const [port = '', protocol = 'tcp'] = text.split('/');
  return { port: Number(port), protocol };
}

function byPort(a: Port, b: Port): number {
  return a.port - b.port || (a.protocol < b.protocol ? -1 : 1);
}

function textOf({ protocol, first, last }: Range): string {
  return `${first === last ? first : `${first}-${last}`}/${protocol}`;
}
