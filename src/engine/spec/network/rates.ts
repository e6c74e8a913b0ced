/** Caps on how fast a box sends and receives. */
import { BoxliteError } from '../../../errors.js';

export interface NetRateOptions {
  /**
   * Bytes per second that the box may send, with all their headers: 8000 (64 kbit/s) to 12,500,000,000
   * (100 Gbit/s); 0 (default): no cap. What it may not send yet waits in the box.
   */
  netTxBytesPerSecond?: number;
  /** The same of what it receives. */
  netRxBytesPerSecond?: number;
}

/** Missing: no cap. */
export type NetRateSpec = NetRateOptions;

/** With less, the largest packet of a box would take longer than 8 s. */
const LEAST = 8_000;
/** As in native/net/switch/bucket.h. */
const MOST = 12_500_000_000;

/** @param network whether the box has one. @throws invalid-argument */
export function settleNetRates(options: NetRateOptions, network: boolean): NetRateSpec {
  const tx = checkRate('sends', options.netTxBytesPerSecond ?? 0);
  const rx = checkRate('receives', options.netRxBytesPerSecond ?? 0);
  if (!network && tx + rx > 0)
    throw new BoxliteError('invalid-argument', 'a box without a network sends nothing to cap', {
      hint: 'leave out --net-tx and --net-rx, or --network none; --security maximum implies it: add --network default',
    });
  return {
    ...(tx > 0 && { netTxBytesPerSecond: tx }),
    ...(rx > 0 && { netRxBytesPerSecond: rx }),
  };
}

/** @param box its name. @throws invalid-argument */
export function changedNetRates(
  spec: NetRateSpec & { network: boolean },
  { netTxBytesPerSecond: tx, netRxBytesPerSecond: rx }: NetRateOptions,
  box: string,
): NetRateSpec {
  if (!spec.network && (tx !== undefined || rx !== undefined))
    throw new BoxliteError(
      'invalid-argument',
      `box ${box} has no network, so there is nothing to cap`,
      { hint: 'create it anew without --network none' },
    );
  return settleNetRates(
    {
      netTxBytesPerSecond: tx ?? spec.netTxBytesPerSecond ?? 0,
      netRxBytesPerSecond: rx ?? spec.netRxBytesPerSecond ?? 0,
    },
    spec.network,
  );
}

function checkRate(what: string, rate: number): number {
  if (rate === 0 || (Number.isInteger(rate) && rate >= LEAST && rate <= MOST)) return rate;
  throw new BoxliteError(
    'invalid-argument',
    `a cap on what a box ${what} is 64kbit to 100gbit, which is ${LEAST} to ${MOST} bytes per second, not ${rate}`,
    { hint: 'give 0 for no cap' },
  );
}
