import type { PullEvent } from '../../engine/images.js';
import { humanSize } from './size.js';

type LayerEvent = Extract<PullEvent, { type: 'layer' }>;

interface Layer {
  status: LayerEvent['status'];
  bytes: number;
  total: number;
}

/** Docker's words for what a layer has come to; what has none is only counted. */
const STEPS: Partial<Record<LayerEvent['status'], string>> = {
  waiting: 'Waiting',
  queued: 'Pulling fs layer',
  exists: 'Already exists',
  done: 'Pull complete',
};

/** Sums up the events of one pull. */
export class PullProgress {
  readonly #startedAt: Date;
  readonly #layers = new Map<string, Layer>();

  constructor(startedAt: Date) {
    this.#startedAt = startedAt;
  }

  /** @returns the line to print about the layer, once for each step */
  take(event: LayerEvent): string | undefined {
    const before = this.#layers.get(event.digest);
    const { bytes, total } =
      event.status === 'downloading' ? event : (before ?? { bytes: 0, total: 0 });
    this.#layers.set(event.digest, { status: event.status, bytes, total });
    return before?.status === event.status ? undefined : STEPS[event.status];
  }

  /** `2/3 layers, 12.3MB of 45MB, 5MB/s, 7 s left` */
  summary(now: Date): string {
    const layers = [...this.#layers.values()];
    const here = layers.filter(({ status }) => status === 'done' || status === 'exists').length;
    const loaded = layers.filter(({ status }) => status !== 'exists');
    const bytes = sum(loaded.map((layer) => layer.bytes));
    const total = sum(loaded.map((layer) => layer.total));
    const parts = [`${here}/${layers.length} layers`];
    if (total > 0) parts.push(`${humanSize(bytes)} of ${humanSize(total)}`);
    const rate = (bytes * 1000) / Math.max(1, now.getTime() - this.#startedAt.getTime());
    if (bytes > 0 && bytes < total)
      parts.push(`${humanSize(rate)}/s`, `${Math.ceil((total - bytes) / rate)} s left`);
    return parts.join(', ');
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
