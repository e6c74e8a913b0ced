/** What a box may reach: the network's mode, rules, and ports of the host's loopback. */
import { LIMITS } from '../../../agent/protocol.js';
import { BoxliteError } from '../../../errors.js';
import { closedRange, holdsIPv4, OWN } from './closed-ranges.js';
import { type NetRule, netRuleText, parseNetRule } from './net-rule.js';

/** As `--network` names them. */
export type NetworkName = 'default' | 'none' | 'public' | 'internal';
export const NETWORKS: readonly NetworkName[] = ['default', 'none', 'public', 'internal'];

export interface NetPolicyOptions {
  /**
   * Rules of what the box may reach: a name, `*.NAME`, an address or a CIDR, each with `:PORT[-LAST]` and
   * `/tcp|udp|icmp` if it is not to mean all. With `default` the box then reaches nothing else; with `public`
   * addresses are added.
   */
  allowNet?: readonly string[];
  /** Rules of what the box may not reach, whatever allows it; names only where `allowNet` lists the rest. */
  denyNet?: readonly string[];
  /** TCP ports of the host's loopback that the box reaches as `host.boxlite.internal`. */
  allowHost?: readonly number[];
  /** Log what the box reaches and what it is kept from, from its first packet on, for `networkLog`; default false. */
  logNet?: boolean;
}

/** Missing for a box whose network is `default` or `none` without rules. */
export interface NetPolicySpec {
  policy?: {
    /** Missing: `default`. */
    network?: 'public' | 'internal';
    /** Texts that `parseNetRule` reads. */
    allow?: string[];
    deny?: string[];
    hostPorts?: number[];
    log?: true;
  };
}

export type NetMode = 'open' | 'public' | 'listed' | 'internal';

interface Asked extends NetPolicyOptions {
  network?: string;
  dns?: string | string[];
}

/** @throws invalid-argument, also for what could not be enforced */
export function settleNetPolicy(options: Asked): NetPolicySpec {
  const { network = 'default', allowNet = [], denyNet = [], allowHost = [], logNet } = options;
  if (!isNetworkName(network))
    throw invalid(`there is no network "${network}"`, `use one of ${NETWORKS.join(', ')}`);
  const policy = {
    ...((network === 'public' || network === 'internal') && { network }),
    ...(allowNet.length > 0 && { allow: textsOf(allowNet, checkAllowed) }),
    ...(denyNet.length > 0 && { deny: textsOf(denyNet, checkDenied) }),
    ...(allowHost.length > 0 && { hostPorts: hostPortsOf(allowHost) }),
    ...(logNet === true && { log: true as const }),
  };
  checkTogether(network, policy, [options.dns ?? []].flat().length > 0);
  return Object.keys(policy).length > 0 ? { policy } : {};
}

const isNetworkName = (name: string): name is NetworkName => NETWORKS.some((each) => each === name);

export function netMode({ network, allow = [] }: NonNullable<NetPolicySpec['policy']>): NetMode {
  return network ?? (allow.length > 0 ? 'listed' : 'open');
}

/** What a box may reach. */
export interface NetworkPolicy {
  network: NetworkName;
  /** What is reached besides what the rules say; `none`: the box has no network. */
  mode: NetMode | 'none';
  allow: readonly string[];
  deny: readonly string[];
  /** TCP ports of the host's loopback. */
  hostPorts: readonly number[];
  /** What it reaches is logged. */
  log: boolean;
}

export function networkPolicy({
  network,
  policy = {},
}: NetPolicySpec & { network: boolean }): NetworkPolicy {
  return {
    network: network ? (policy.network ?? 'default') : 'none',
    mode: network ? netMode(policy) : 'none',
    allow: policy.allow ?? [],
    deny: policy.deny ?? [],
    hostPorts: policy.hostPorts ?? [],
    log: policy.log === true,
  };
}

function textsOf(rules: readonly string[], check: (rule: NetRule) => void): string[] {
  const parsed = rules.map(parseNetRule);
  for (const rule of parsed) check(rule);
  return [...new Set(parsed.map(netRuleText))];
}

const HOST_NAMES = ['host.boxlite.internal', 'host.docker.internal', 'localhost'];

function checkAllowed(rule: NetRule): void {
  checkRule(rule);
  const what = closedRange(rule);
  if (what !== undefined)
    throw invalid(`${rule.host} is ${what}, which no rule opens`, ALLOW_HOST_HINT);
}

/** What is closed in any case may be denied, but for what the box's own network is made of. */
function checkDenied(rule: NetRule): void {
  checkRule(rule);
  if (closedRange(rule) === OWN)
    throw invalid(`${rule.host} is ${OWN}, which no rule closes`, ALLOW_HOST_HINT);
}

const ALLOW_HOST_HINT = "--allow-host PORT opens a port of this host's loopback";

function checkRule(rule: NetRule): void {
  if (rule.kind === 'name' && HOST_NAMES.includes(rule.host))
    throw invalid(`${rule.host} is no name of another machine`, ALLOW_HOST_HINT);
  if (rule.kind === 'address' && holdsIPv4(rule))
    throw invalid(
      `${netRuleText(rule)} would mean the addresses of IPv4, too`,
      'give 2000::/3 for the Internet of IPv6, fc00::/7 for private addresses',
    );
}

function hostPortsOf(ports: readonly number[]): number[] {
  for (const port of ports)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw invalid(`there is no port ${port} to allow`, 'give one from 1 to 65535');
  return [...new Set(ports)];
}

function checkTogether(
  network: NetworkName,
  policy: NonNullable<NetPolicySpec['policy']>,
  ownServers: boolean,
): void {
  const { allow = [], deny = [], hostPorts = [], log = false } = policy;
  if (network === 'none' && (allow.length + deny.length + hostPorts.length > 0 || log))
    throw invalid(
      'a box without a network has nothing to allow, deny or log',
      `leave out --network none, or ${given(policy)}; --security maximum implies it: add --network default`,
    );
  if (network === 'internal' && allow.length > 0)
    throw invalid(
      'a box of the network internal has no way out, so nothing can be allowed',
      'leave out --network internal: --allow-net alone allows nothing else',
    );
  const allowsNames = allow.some(isName);
  if (network === 'public' && allowsNames)
    throw invalid(
      'a name opens nothing in the network public: its owner could point it at any private address',
      'allow the address; or leave out --network public, so that only what is listed is reached',
    );
  if (deny.some(isName) && netMode(policy) !== 'listed')
    throw invalid(
      'a name can be denied only where --allow-net lists all that the box reaches',
      'elsewhere the box could learn its address in another way: deny the address',
    );
  if ((allowsNames || deny.some(isName)) && ownServers)
    throw invalid(
      "a rule's name means what the box's own resolver gives for it, which --dns replaces",
      'leave out --dns, or give the rules by address',
    );
  const count = allow.length + deny.length;
  if (count > LIMITS.MAX_NET_RULES)
    throw invalid(`a box can have ${LIMITS.MAX_NET_RULES} rules for its network, not ${count}`);
  if (hostPorts.length > LIMITS.MAX_HOST_PORTS)
    throw invalid(
      `a box can be given ${LIMITS.MAX_HOST_PORTS} ports of the host, not ${hostPorts.length}`,
    );
}

const isName = (text: string): boolean => parseNetRule(text).kind !== 'address';

/** The flags that were given. */
function given({ allow, deny, hostPorts, log }: NonNullable<NetPolicySpec['policy']>): string {
  return [
    allow && '--allow-net',
    deny && '--deny-net',
    hostPorts && '--allow-host',
    log && '--log-net',
  ]
    .filter((flag) => flag !== undefined)
    .join(' and ');
}

const invalid = (message: string, hint?: string): BoxliteError =>
  new BoxliteError('invalid-argument', message, hint === undefined ? {} : { hint });
