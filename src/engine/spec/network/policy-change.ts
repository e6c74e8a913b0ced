/** Changes of what an existing box may reach. */
import { BoxliteError } from '../../../errors.js';
import type { BoxSpec } from '../box-spec.js';
import { netRuleText, parseNetRule } from './net-rule.js';
import {
  netMode,
  type NetPolicyOptions,
  type NetPolicySpec,
  type NetworkName,
  settleNetPolicy,
} from './policy.js';

export interface NetPolicyChange extends NetPolicyOptions {
  /** Rules, or ports of the host's loopback, that no longer count. */
  remove?: readonly string[];
  network?: Exclude<NetworkName, 'none'>;
}

/**
 * The whole is checked as when a box is created.
 * @param box its name
 * @throws invalid-argument, also for a change that would open more than it says
 */
export function changedPolicy(
  spec: Pick<BoxSpec, 'network' | 'policy' | 'dns'>,
  change: NetPolicyChange,
  box: string,
): NetPolicySpec {
  const { policy = {}, dns } = spec;
  if (!spec.network)
    throw invalid(
      `box ${box} has no network, so there is nothing to allow, deny or log`,
      'create it anew without --network none',
    );
  const { allow, deny, hostPorts } = without(policy, change.remove ?? [], box);
  const settled = settleNetPolicy({
    network: change.network ?? policy.network ?? 'default',
    allowNet: [...allow, ...(change.allowNet ?? [])],
    denyNet: [...deny, ...(change.denyNet ?? [])],
    allowHost: [...hostPorts, ...(change.allowHost ?? [])],
    logNet: change.logNet ?? policy.log === true,
    ...(dns !== undefined && { dns }),
  });
  const opens = netMode(policy) === 'listed' && netMode(settled.policy ?? {}) === 'open';
  if (opens && change.network === undefined)
    throw invalid(
      `without a rule that allows something, box ${box} would reach everything`,
      'add --network internal to shut it, or --network default to open it',
    );
  return settled;
}

function without(
  { allow = [], deny = [], hostPorts = [] }: NonNullable<NetPolicySpec['policy']>,
  removed: readonly string[],
  box: string,
) {
  const texts = removed.map((text) =>
    /^\d+$/.test(text) ? text : netRuleText(parseNetRule(text)),
  );
  const known = new Set([...allow, ...deny, ...hostPorts.map(String)]);
  for (const [index, text] of texts.entries())
    if (!known.has(text))
      throw invalid(
        `box ${box} has no rule "${removed[index]}"`,
        known.size > 0 ? `it has ${[...known].join(', ')}` : 'it has none',
      );
  const isKept = (text: string | number): boolean => !texts.includes(String(text));
  return {
    allow: allow.filter(isKept),
    deny: deny.filter(isKept),
    hostPorts: hostPorts.filter(isKept),
  };
}

const invalid = (message: string, hint: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, { hint });
