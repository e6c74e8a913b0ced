/** The flags of a box's network and names, and how they map to the engine's options. */
import { parseExposedPorts } from '../flags/exposed-port.js';
import { parseNetwork } from '../flags/network.js';
import { wholeNumber } from '../flags/number.js';
import { parseRate } from '../flags/rate.js';
import { flag, list, type OptionValues, value } from '../parse/command.js';

export const NETWORK_OPTIONS = {
  network: list(
    'default, public (no private addresses), internal (no way out), none, or one that was created',
    'NETWORK',
    { parse: parseNetwork, complete: 'box-network' },
  ),
  ip: value('Address of the box in the first of its networks', 'IP', { emptyIsNone: true }),
  ip6: value('Its address of IPv6 there', 'IP', { emptyIsNone: true }),
  'network-alias': list('One more name of the box in the first of its networks', 'NAME'),
  publish: list('Publish a port of the box on the host', '[[IP:]PORT:]PORT[/PROTO]', {
    short: 'p',
  }),
  'publish-all': flag('Publish every exposed port, each on a free port of the host', {
    short: 'P',
  }),
  'mac-address': value("MAC address of the box's interface", 'ADDRESS', { emptyIsNone: true }),
  expose: list(
    'Say that the command listens at a port; --publish-all publishes it',
    'PORT[/PROTO]',
    {
      parse: parseExposedPorts,
    },
  ),
} as const;

/** How fast the box may use its network. */
export const NET_RATE_OPTIONS = {
  'net-rx': value('Most that the box receives in a second: 500kbit, 10mbit; 0: no cap', 'RATE', {
    parse: parseRate,
  }),
  'net-tx': value('Most that the box sends in a second', 'RATE', { parse: parseRate }),
} as const;

/** What the box is called, and whom it asks for names. */
export const NAME_OPTIONS = {
  hostname: value('Host name of the box', 'NAME', { short: 'h', emptyIsNone: true }),
  domainname: value("Domain name of the box's host name", 'NAME', { emptyIsNone: true }),
  'add-host': list('Add a line to /etc/hosts; host-gateway is this host', 'NAME:IP'),
  dns: list("Address of a name server in place of the host's", 'IP'),
  'dns-search': list("Domain to try after a bare name in place of the host's; . is none", 'DOMAIN'),
  'dns-option': list("Option of resolv.conf in place of the host's: ndots:2", 'OPTION'),
} as const;

/** What the box may reach in its network. */
export const NET_POLICY_OPTIONS = {
  'allow-net': list(
    'Let the box reach this: NAME, *.NAME, IP or CIDR; without --network, nothing else',
    'HOST[:PORT][/PROTO]',
  ),
  'deny-net': list('Keep the box from this, whatever allows it', 'HOST[:PORT][/PROTO]'),
  'allow-host': list("Let the box reach a TCP port of this host's loopback", 'PORT', {
    parse: wholeNumber(1, 65_535),
  }),
} as const;

/** An existing box has `network policy --log` for it. */
export const NET_LOG_OPTION = {
  'log-net': flag('Log what the box reaches and is kept from, for `boxlite network log`'),
} as const;

/** Docker's older spellings. */
export const OLD_NETWORK_OPTIONS = {
  net: list('The same as --network', 'NETWORK', {
    parse: parseNetwork,
    complete: 'box-network',
    hidden: true,
  }),
  'net-alias': list('The same as --network-alias', 'NAME', { hidden: true }),
  'dns-opt': list('The same as --dns-option', 'OPTION', { hidden: true }),
} as const;

export type NetworkFlagValues = OptionValues<
  typeof NETWORK_OPTIONS &
    typeof NAME_OPTIONS &
    typeof NET_POLICY_OPTIONS &
    typeof NET_LOG_OPTION &
    typeof NET_RATE_OPTIONS &
    typeof OLD_NETWORK_OPTIONS
>;

export function readNames(flags: NetworkFlagValues) {
  const options = [...flags['dns-option'], ...flags['dns-opt']];
  return {
    hostname: flags.hostname,
    domainname: flags.domainname,
    extraHosts: [...flags['add-host']],
    allowNet: [...flags['allow-net']],
    denyNet: [...flags['deny-net']],
    allowHost: [...flags['allow-host']],
    ...(flags['log-net'] && { logNet: true }),
    exposedPorts: flags.expose.flat(),
    ports: [...flags.publish],
    publishAll: flags['publish-all'],
    ...readRates(flags),
    ...(flags.dns.length > 0 && { dns: [...flags.dns] }),
    ...(flags['dns-search'].length > 0 && { dnsSearch: [...flags['dns-search']] }),
    ...(options.length > 0 && { dnsOptions: options }),
  };
}

export function readRates(flags: OptionValues<typeof NET_RATE_OPTIONS>) {
  const { 'net-tx': tx, 'net-rx': rx } = flags;
  return {
    ...(tx !== undefined && { netTxBytesPerSecond: tx }),
    ...(rx !== undefined && { netRxBytesPerSecond: rx }),
  };
}
