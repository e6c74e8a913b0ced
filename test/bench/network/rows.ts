import { type BackendName, HOST_PORT, otherGuest, publishedPort } from './backends.js';
import { HOST_ADDRESS } from './world.js';

const MIB = 2 ** 20;
const out = `${HOST_ADDRESS} ${HOST_PORT}`;

export interface Row {
  label: string;
  /** Who runs the command: the first guest, or the host. */
  by: 'guest' | 'host';
  command: (backend: BackendName) => string;
  /** Of `unit`, in one run. */
  amount: number;
  unit: 'MB/s' | '/s' | 'µs';
}

const published = (backend: BackendName): string => `127.0.0.1 ${publishedPort(backend, 1)}`;

function row(
  label: string,
  by: Row['by'],
  unit: Row['unit'],
  verb: string,
  to: (backend: BackendName) => string,
  amount: number,
): Row {
  return {
    label,
    by,
    unit,
    command: (backend) => `${verb} ${to(backend)} ${amount}`,
    amount: unit === 'MB/s' ? amount / 1e6 : amount,
  };
}

/** Amounts take an emulated guest about a second. */
export const ROWS = {
  push: row('TCP, box to host', 'guest', 'MB/s', 'push', () => out, 128 * MIB),
  pull: row('TCP, host to box', 'guest', 'MB/s', 'pull', () => out, 128 * MIB),
  pushIn: row('TCP to a published port', 'host', 'MB/s', 'push', published, 128 * MIB),
  pullIn: row('TCP from a published port', 'host', 'MB/s', 'pull', published, 128 * MIB),
  talk: row('request, open connection', 'guest', 'µs', 'talk', () => out, 2000),
  talkIn: row('request to a published port, open', 'host', 'µs', 'talk', published, 2000),
  connect: row('connections out, a request each', 'guest', '/s', 'connect', () => out, 300),
  connectIn: row('connections to a published port', 'host', '/s', 'connect', published, 300),
  datagrams: row('UDP request', 'guest', 'µs', 'datagrams', () => out, 2000),
  lookups: row('DNS lookups', 'guest', '/s', 'lookups', () => '10.0.2.3 53', 1000),
  pushBox: row('TCP, box to box', 'guest', 'MB/s', 'push', otherGuest, 64 * MIB),
  talkBox: row('request, box to box', 'guest', 'µs', 'talk', otherGuest, 1000),
  connectBox: row('connections, box to box', 'guest', '/s', 'connect', otherGuest, 150),
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;

export const rowNames = (): RowName[] => Object.keys(ROWS) as RowName[];

/** In the row's unit: a speed, or how long one takes. */
export function figure({ unit, amount }: Row, ms: number): number {
  return unit === 'µs' ? (ms * 1000) / amount : (amount * 1000) / ms;
}
