import type { BoxliteEvent } from '../../../engine/state/events.js';
import { familiarReference, withDefaultTag } from '../../output/text/reference.js';
import type { KeyCompletion } from '../../parse/command.js';
import { invalidFilter, labelTest, parseFilters } from './filters.js';

/** Docker knows more types, but no events of those occur here. */
const TYPES = [
  ...['container', 'image', 'volume', 'network'],
  ...['builder', 'config', 'daemon', 'node', 'plugin', 'secret', 'service'],
];

/** The keys that `parseEventFilters` knows, and their possible values. */
export const EVENT_FILTER_KEYS: KeyCompletion = {
  keys: {
    container: 'box',
    box: 'box',
    event: ['create', 'start', 'die', 'stop', 'kill', 'pause', 'unpause', 'destroy'],
    image: 'image',
    label: undefined,
    network: undefined,
    type: ['container', 'image', 'network', 'volume'],
    volume: 'volume',
  },
};

/** @throws BoxliteError for an unknown key or type */
export function parseEventFilters(filters: readonly string[]): (event: BoxliteEvent) => boolean {
  const actor = (type: BoxliteEvent['type']) => (value: string) => (event: BoxliteEvent) =>
    event.type === type && (event.attributes.name === value || startsWithId(event.actor, value));
  const box = actor('container');
  return parseFilters<BoxliteEvent>(filters, {
    container: box,
    box,
    // Matches without the command too: the full action of `exec_start` is `exec_start: ls`.
    event: (value) => (event) => event.action === value || event.action.startsWith(`${value}:`),
    image: (value) => (event) => isImage(event, value),
    label: (value) => {
      const test = labelTest(value);
      return (event) => event.type === 'container' && test(event.attributes);
    },
    network: actor('network'),
    type: (value) => {
      const type = value === 'box' ? 'container' : value;
      if (!TYPES.includes(type))
        throw invalidFilter('type', value, 'container, image, network or volume');
      return (event) => event.type === type;
    },
    volume:
      (value) =>
      ({ type, actor: name }) =>
        type === 'volume' && name === value,
  });
}

function isImage({ type, actor, attributes }: BoxliteEvent, value: string): boolean {
  const wanted = familiarReference(withDefaultTag(value));
  const names = type === 'image' ? [actor, attributes.name] : [attributes.image];
  return names.some(
    (name) =>
      name !== undefined &&
      (familiarReference(withDefaultTag(name)) === wanted ||
        (type === 'image' && startsWithId(name.replace(/^sha256:/, ''), value))),
  );
}

/** Requires at least as many digits of an id as `ps` and `images` show. */
function startsWithId(id: string, value: string): boolean {
  return value.length >= 12 && id.startsWith(value.toLowerCase().replace(/^sha256:/, ''));
}
