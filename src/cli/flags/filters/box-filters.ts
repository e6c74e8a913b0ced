import type { BoxInfo } from '../../../engine/state/box-info.js';
import { BoxliteError } from '../../../errors.js';
import { builtInOf } from '../../network/all-networks.js';
import { boxState } from '../../output/rows/box-row.js';
import { familiarReference, withDefaultTag } from '../../output/text/reference.js';
import type { KeyCompletion } from '../../parse/command.js';
import { parseExposedPorts } from '../exposed-port.js';
import { filterPattern, invalidFilter, labelTest, parseFilters } from './filters.js';

const STATES = [
  'created',
  'restarting',
  'running',
  'removing',
  'paused',
  'exited',
  'dead',
  'unknown',
];
const HEALTH = ['none', 'starting', 'healthy', 'unhealthy'];

/** The keys and values that the shells offer. */
export const BOX_FILTER_KEYS: KeyCompletion = {
  keys: {
    id: undefined,
    name: 'box',
    label: undefined,
    exited: undefined,
    status: STATES,
    ancestor: 'image',
    before: 'box',
    since: 'box',
    network: 'box-network',
    volume: 'volume',
    publish: undefined,
    expose: undefined,
    health: HEALTH,
  },
};

/**
 * @param boxes all boxes: `before` and `since` name one of them
 * @param imageIds the ids of the images that `ancestor` names, if they are in the store
 * @throws BoxliteError for an unknown key, an impossible value, or a missing box
 */
export function parseBoxFilters(
  filters: readonly string[],
  boxes: readonly BoxInfo[],
  imageIds: ReadonlyMap<string, string> = new Map(),
): (box: BoxInfo) => boolean {
  return parseFilters<BoxInfo>(filters, {
    id: (value) => (box) => box.id.startsWith(value.toLowerCase()),
    name: (value) => {
      const pattern = filterPattern('name', value);
      // Docker's names begin with a slash, which `^/web$` expects and `^web$` does not.
      return ({ name = '' }) => pattern.test(name) || pattern.test(`/${name}`);
    },
    label: (value) => {
      const test = labelTest(value);
      return (box) => test(box.labels);
    },
    exited: (value) => {
      if (!/^\d+$/.test(value)) throw invalidFilter('exited', value, 'give an exit code');
      return (box) => box.status === 'stopped' && !box.restarting && box.exitCode === Number(value);
    },
    status: (value) => {
      if (!STATES.includes(value))
        throw invalidFilter('status', value, `one of ${STATES.join(', ')}`);
      return (box) => boxState(box) === value;
    },
    ancestor: (value) => (box) =>
      isImage(box, value) || (box.imageId !== undefined && box.imageId === imageIds.get(value)),
    before: (value) => {
      const other = namedBox(boxes, value);
      return (box) => box.createdAt < other.createdAt;
    },
    since: (value) => {
      const other = namedBox(boxes, value);
      return (box) => box.createdAt > other.createdAt;
    },
    network: (value) => {
      const builtIn = builtInOf(value);
      const wanted = builtIn === 'bridge' ? 'default' : (builtIn ?? value);
      return (box) => isInNetwork(box, wanted);
    },
    volume: (value) => (box) =>
      (box.volumes ?? []).some(({ name, hostPath, image, guestPath }) =>
        [name, hostPath, image, guestPath].includes(value),
      ),
    publish: (value) => {
      const wanted = portsOf('publish', value);
      return ({ ports = [] }) =>
        ports.some(({ hostPort, protocol }) => wanted.includes(`${hostPort}/${protocol}`));
    },
    expose: (value) => {
      const wanted = portsOf('expose', value);
      return ({ exposedPorts = [] }) => exposedPorts.some((port) => wanted.includes(port));
    },
    health: (value) => {
      if (!HEALTH.includes(value))
        throw invalidFilter('health', value, `one of ${HEALTH.join(', ')}`);
      return (box) => box.health === value;
    },
  });
}

/** By name, or at least as many digits of an id as `network ls` shows. */
function isInNetwork({ network, networks = [] }: BoxInfo, value: string): boolean {
  if (networks.length === 0) return network === value;
  return networks.some(
    ({ id, name }) => name === value || (value.length >= 12 && id.startsWith(value.toLowerCase())),
  );
}

/** Whether the filters ask for boxes that do not run, which implies `-a` (Docker's rule). */
export function asksForState(filters: readonly string[]): boolean {
  return filters.some((text) => text.startsWith('status='));
}

/** The images that the `ancestor` filters name. */
export function ancestorsOf(filters: readonly string[]): string[] {
  const prefix = 'ancestor=';
  return filters.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length));
}

function portsOf(key: string, value: string): string[] {
  try {
    return parseExposedPorts(value);
  } catch {
    throw invalidFilter(key, value, 'give PORT[-PORT][/PROTOCOL], such as 80 or 8000-8010/udp');
  }
}

function isImage(box: BoxInfo, value: string): boolean {
  const image = familiarReference(withDefaultTag(box.image));
  if (image === familiarReference(withDefaultTag(value))) return true;
  const id = value.replace(/^sha256:/, '');
  return /^[0-9a-f]{4,64}$/.test(id) && (box.imageId ?? '').replace(/^sha256:/, '').startsWith(id);
}

function namedBox(boxes: readonly BoxInfo[], value: string): BoxInfo {
  const found =
    boxes.find((box) => box.name === value.replace(/^\//, '')) ??
    boxes.find((box) => box.id.startsWith(value.toLowerCase()));
  if (found === undefined) throw new BoxliteError('box-not-found', `No such box: ${value}`);
  return found;
}
