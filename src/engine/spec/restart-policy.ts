import { BoxliteError } from '../../errors.js';

export const RESTART_POLICIES = ['no', 'always', 'on-failure', 'unless-stopped'] as const;

export interface RestartPolicy {
  name: (typeof RESTART_POLICIES)[number];
  /** For `on-failure`: most restarts; 0: no limit. */
  maximumRetryCount: number;
}

export const NO_RESTART: RestartPolicy = { name: 'no', maximumRetryCount: 0 };

/**
 * `no`, `on-failure[:N]`, `always` or `unless-stopped`.
 * @throws invalid-argument in Docker's words
 */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [word = '', count, ...rest] = text.split(':');
  const name = RESTART_POLICIES.find((each) => each === word);
  if (text === '') return NO_RESTART;
  if (name === undefined)
    throw invalid(
      `unknown policy '${word}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (count === undefined) return { name, maximumRetryCount: 0 };
  if (rest.length > 0 || !/^[+-]?\d+$/.test(count))
    throw new BoxliteError(
      'invalid-argument',
      'invalid restart policy format: maximum retry count must be an integer',
    );
  if (name !== 'on-failure')
    throw invalid("maximum retry count can only be used with 'on-failure'");
  const maximumRetryCount = Number(count);
  if (maximumRetryCount < 0) throw invalid('maximum retry count cannot be negative');
  return { name, maximumRetryCount };
}

/** The notation of `--restart`. */
export function formatRestartPolicy({ name, maximumRetryCount }: RestartPolicy): string {
  return maximumRetryCount === 0 ? name : `${name}:${maximumRetryCount}`;
}

function invalid(why: string): BoxliteError {
  return new BoxliteError('invalid-argument', `invalid restart policy: ${why}`);
}
