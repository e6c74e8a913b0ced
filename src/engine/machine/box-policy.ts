/** What a box may reach, as its shim passes it to boxlite-net. */
import { IP_PROTOCOLS, NET_MODES, NET_RULES } from '../../agent/protocol.js';
import { addressBytes, bitsOf } from '../../host/ip-address.js';
import { type NetRule, parseNetRule } from '../spec/network/net-rule.js';
import { netMode, type NetPolicySpec } from '../spec/network/policy.js';

/** The fields of the shim's configuration. */
export function policyConfig({ policy = {} }: NetPolicySpec) {
  const { allow = [], deny = [], hostPorts = [] } = policy;
  const mode = netMode(policy);
  return {
    netMode: NET_MODES[mode.toUpperCase() as Uppercase<typeof mode>],
    netReports: policy.log === true ? 1 : 0,
    hostPorts: hostPorts.map((port) => ({ port })),
    netRules: [
      ...deny.map((text) => ruleValues(parseNetRule(text), true)),
      ...allow.map((text) => ruleValues(parseNetRule(text), false)),
    ],
  };
}

function ruleValues(rule: NetRule, denies: boolean) {
  const { kind, host, prefixLength, protocol, ports = [0, 65_535] } = rule;
  const isAddress = kind === 'address';
  return {
    denies: denies ? 1 : 0,
    kind: NET_RULES[kind.toUpperCase() as Uppercase<typeof kind>],
    protocol: protocol ? IP_PROTOCOLS[protocol.toUpperCase() as Uppercase<typeof protocol>] : 0,
    prefixLength: isAddress ? 128 - bitsOf(host) + prefixLength : 0,
    firstPort: ports[0],
    lastPort: ports[1],
    address: isAddress ? mappedBytes(host) : Buffer.alloc(16),
    name: isAddress ? '' : host,
  };
}

/** The 16 bytes by which policies know an address. */
function mappedBytes(address: string): Buffer {
  const bytes = addressBytes(address);
  return bytes.length === 16 ? bytes : Buffer.concat([IPV4_PREFIX, bytes]);
}

const IPV4_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');
