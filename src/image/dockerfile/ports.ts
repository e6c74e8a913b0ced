import type { Escape } from './instruction.js';
import { expandWords, type Variables } from './shell-word.js';

const HIGHEST_PORT = 65_535;

/**
 * The ports of an EXPOSE as `80/tcp`, with ranges expanded. A variable may hold several.
 * @throws Error that states the rule
 */
export function exposedPorts(argument: string, variables: Variables, escape: Escape): string[] {
  return argument
    .split(/\s+/)
    .flatMap((word) => expandWords(word, variables, escape))
    .flatMap(portsOf);
}

function portsOf(word: string): string[] {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const [, first = '', last = first, protocol = 'tcp'] = match ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (match === null || from > to || to > HIGHEST_PORT)
    throw new Error(`${JSON.stringify(word)} is not PORT[-PORT][/tcp|udp|sctp]`);
  return Array.from(
    { length: to - from + 1 },
    (_, index) => `${from + index}/${protocol.toLowerCase()}`,
  );
}
