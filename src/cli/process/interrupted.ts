import { constants } from 'node:os';

/** A signal ended what the CLI was doing. Nothing is printed: whoever sent it knows. */
export class Interrupted extends Error {
  readonly status: number;

  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.status = exitStatusOfSignal(signal);
  }
}

export function exitStatusOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
