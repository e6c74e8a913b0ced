import { constants } from 'node:os';

/** A signal has ended the command. Nothing is printed, because whoever sent the signal knows. */
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
