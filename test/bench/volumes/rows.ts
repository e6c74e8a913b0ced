import { median } from '../statistics.js';

/** Where the files are; podman's volume is the peer's. */
export const PLACES = {
  own: "box's disk",
  disk: 'disk volume',
  shared: 'shared volume',
  podman: "podman's volume",
} as const;

export type PlaceName = keyof typeof PLACES;

export const placeNames = (): PlaceName[] => Object.keys(PLACES) as PlaceName[];

/** What file-bench is told to do, and what each number that it prints is the time of. */
export const WORKS = {
  small: { amount: 300, rows: ['create', 'stat', 'read', 'unlink'] },
  large: { amount: 32, rows: ['write', 'readBack'] },
  sync: { amount: 50, rows: ['synced'] },
} as const;

export type WorkName = keyof typeof WORKS;

export const workNames = (): WorkName[] => Object.keys(WORKS) as WorkName[];

export type RowName = (typeof WORKS)[WorkName]['rows'][number];

export interface Row {
  label: string;
  /** Of `unit`, in one run. */
  amount: number;
  unit: 'MB/s' | '/s';
}

const small = (label: string): Row => ({ label, amount: WORKS.small.amount, unit: '/s' });
const large = (label: string): Row => ({
  ...{ label, amount: WORKS.large.amount * 1.048576, unit: 'MB/s' },
});

export const ROWS: Readonly<Record<RowName, Row>> = {
  create: small('create and write 100 bytes'),
  stat: small('stat'),
  read: small('open and read 100 bytes'),
  unlink: small('unlink'),
  write: large('write 32 MiB, fsync'),
  readBack: large('read them again'),
  synced: { label: 'write 4 KiB, fsync', amount: WORKS.sync.amount, unit: '/s' },
};

export const rowNames = (): RowName[] => Object.keys(ROWS) as RowName[];

/** Milliseconds of each round, by row and place. */
export type VolumeTimes = Partial<Record<RowName, Partial<Record<PlaceName, number[]>>>>;

/** In the row's unit. */
export const speed = ({ amount }: Row, ms: number): number => (amount * 1000) / ms;

/** How much faster one place is than another: the median of the rounds' ratios. */
export function ratio(
  times: VolumeTimes,
  row: RowName,
  [place, peer]: readonly [PlaceName, PlaceName],
): number | undefined {
  const [own = [], others = []] = [times[row]?.[place], times[row]?.[peer]];
  const ratios = own.flatMap((ms, round) => {
    const other = others[round];
    return other === undefined ? [] : [other / ms];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}
