import { BoxliteError } from '../../../../errors.js';

const BRIDGE = 'com.docker.network.bridge.';

/** Options of Docker's driver `bridge` whose value says what a network does anyway. */
const FOLLOWED: Readonly<Record<string, string>> = {
  [`${BRIDGE}enable_icc`]: 'true',
  [`${BRIDGE}enable_ip_masquerade`]: 'true',
};

/** @throws unsupported for what would not be followed */
export function checkOptions(options: Readonly<Record<string, string>> = {}): {
  options?: Record<string, string>;
} {
  for (const [key, value] of Object.entries(options))
    if (FOLLOWED[key] !== value)
      throw new BoxliteError('unsupported', `the option ${key}=${value} can't be followed`, {
        hint: 'leave it out: the host has no bridge for a network',
      });
  return Object.keys(options).length > 0 ? { options: { ...options } } : {};
}
