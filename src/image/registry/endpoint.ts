import { parseAddressBlock } from './http/address-block.js';

/** Docker Hub's registry has another host name than its images carry. */
const ALIASES: Record<string, string> = { 'docker.io': 'registry-1.docker.io' };

/** One way to reach a registry. */
export interface Endpoint {
  /** Scheme, host and port. */
  base: URL;
}

/**
 * Whether to allow plain HTTP to a registry: it is this machine, or the user marked it insecure.
 * @param insecureRegistries host with or without port, or a CIDR block of addresses
 */
export function isInsecure(registry: string, insecureRegistries: readonly string[]): boolean {
  return isMarkedInsecure(registry, insecureRegistries) || isThisMachine(bareName(registry));
}

/**
 * Whether the user marked it insecure. Being this machine is not enough for an address that
 * somebody else chose.
 */
export function isMarkedInsecure(registry: string, insecureRegistries: readonly string[]): boolean {
  const host = bareName(registry);
  return (
    insecureRegistries.includes(registry) ||
    insecureRegistries.includes(host) ||
    insecureRegistries.some((each) => each.includes('/') && isInBlock(host, each))
  );
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.[0-9]{1,3}){3}$/.test(host);
}

function bareName(registry: string): string {
  return registry.replace(/:[0-9]+$/, '');
}

function isInBlock(host: string, block: string): boolean {
  return parseAddressBlock(block)?.(host.replace(/^\[|\]$/g, '')) === true;
}

/** Whether a URL's host (with its port, unless that is the scheme's) is the registry itself. */
export function isHostOf(registry: string, host: string): boolean {
  return endpointsOf(registry, true).some(({ base }) => base.host === host);
}

/**
 * The ways to reach a registry, to try in order until one answers: HTTPS; for an insecure one HTTP,
 * then HTTPS with any certificate.
 */
export function endpointsOf(registry: string, insecure: boolean): Endpoint[] {
  const host = ALIASES[registry] ?? registry;
  const schemes = insecure ? ['http', 'https'] : ['https'];
  return schemes.map((scheme) => ({ base: new URL(`${scheme}://${host}/`) }));
}
