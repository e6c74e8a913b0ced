import type { PullEvent } from '../../../engine/images/images.js';
import { downloadLine, fit } from '../rows/layer-line.js';
import { shortId } from '../text/reference.js';
import { TransferRate } from '../text/transfer-rate.js';

type LayerEvent = Extract<PullEvent, { type: 'layer' }>;

interface Layer {
  id: string;
  event: LayerEvent;
  rate: TransferRate;
}

/** Docker's words for the steps of a layer; the progress of a download has no word. */
const STEPS: Record<LayerEvent['status'], string | undefined> = {
  queued: 'Pulling fs layer',
  waiting: 'Waiting',
  downloading: undefined,
  unpacking: 'Download complete',
  exists: 'Already exists',
  done: 'Pull complete',
};

/** Words for the temporary steps on a terminal, which shows what is going on. */
const ONGOING: Partial<Record<LayerEvent['status'], string>> = {
  queued: 'Waiting',
  unpacking: 'Extracting',
};

/** Tracks one pull by its events. */
export class PullProgress {
  readonly #layers = new Map<string, Layer>();

  /** @param verb describes a layer whose bytes are arriving */
  constructor(private readonly verb: 'Downloading' | 'Loading layer') {}

  /** @returns the line to print about the layer when lines can't change in place, once for each step */
  take(event: LayerEvent, now: Date): string | undefined {
    const layer = this.#layers.get(event.digest) ?? {
      id: shortId(event.digest),
      event: undefined,
      rate: new TransferRate(),
    };
    const isNew = layer.event?.status !== event.status;
    if (event.status === 'downloading') layer.rate.add(event.bytes, now);
    this.#layers.set(event.digest, { ...layer, event });
    const step = STEPS[event.status];
    return isNew && step !== undefined ? `${layer.id}: ${step}` : undefined;
  }

  /**
   * A line for each layer, in the image's order; if there are too few rows, the active layers and a total.
   */
  lines(now: Date, columns: number, rows: number): string[] {
    const all = [...this.#layers.values()];
    if (all.length <= rows) return all.map((layer) => this.#line(layer, now, columns));
    const isOver = ({ event }: Layer): boolean =>
      event.status === 'done' || event.status === 'exists';
    const busy = all.filter((layer) => !isOver(layer) && layer.event.status !== 'queued');
    const over = all.filter(isOver).length;
    return [
      ...busy.slice(0, rows - 1).map((layer) => this.#line(layer, now, columns)),
      fit(`${over} of ${all.length} layers complete`, columns),
    ];
  }

  #line({ id, event, rate }: Layer, now: Date, columns: number): string {
    if (event.status === 'downloading') {
      const { bytes, total } = event;
      const download = { bytes, total, bytesPerSecond: rate.bytesPerSecond(now) };
      return downloadLine(`${id}: `, this.verb, download, columns);
    }
    if (event.status === 'waiting') return fit(`${id}: Waiting for process ${event.pid}`, columns);
    return fit(`${id}: ${ONGOING[event.status] ?? STEPS[event.status] ?? ''}`, columns);
  }
}
