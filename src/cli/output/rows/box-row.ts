import type { BoxSize } from '../../../engine/report/box-size.js';
import type { BoxInfo } from '../../../engine/state/box-info.js';
import { GoScalar } from '../template/go-struct.js';
import type { ListRow } from '../terminal/list.js';
import { humanDuration } from '../text/duration.js';
import { portsText } from '../text/ports-text.js';
import { familiarReference, shortId } from '../text/reference.js';
import { humanSize } from '../text/size.js';
import { fitted } from '../text/text-width.js';
import { goTime } from '../text/timestamp.js';

export const BOX_HEADERS: ListRow = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  Names: 'NAMES',
  Label: labelHeader,
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Size: 'SIZE',
  Platform: 'PLATFORM',
  HealthStatus: 'HEALTH STATUS',
};

export const BOX_COLUMNS = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** The columns that fit on narrower terminals. */
export const NARROWER_BOX_COLUMNS = [
  ['ID', 'Image', 'Status', 'Names'],
  ['Image', 'Status', 'Names'],
  ['Status', 'Names'],
];

/** Docker's `--format raw`. */
export const BOX_RAW = {
  lines:
    'container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\n' +
    'state: {{.State}}\nstatus: {{.Status}}\nnames: {{.Names}}\n' +
    'labels:{{pad .Labels 1 0}}\nports:{{pad .Ports 1 0}}\n',
  quiet: 'container_id: {{.ID}}',
};

const COMMAND_CHARACTERS = 20;
const MOUNT_CHARACTERS = 15;

/** A box as `ps` shows it, with Docker's field names. */
export function boxRow(box: BoxInfo, now: Date, truncate: boolean): ListRow {
  const command = box.command.join(' ');
  return {
    Command: quoteGo(truncate ? fitted(command, COMMAND_CHARACTERS) : command),
    CreatedAt: goTime(box.createdAt),
    HealthStatus: box.health === 'none' ? '' : box.health,
    ID: truncate ? shortId(box.id) : box.id,
    Image: truncate ? withoutDigest(box.image) : box.image,
    Label: (key = '') => box.labels[key] ?? '',
    Labels: Object.entries(box.labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
    LocalVolumes: String((box.volumes ?? []).filter(({ name }) => name !== undefined).length),
    Mounts: (box.volumes ?? [])
      .map(({ name, hostPath, image }) => name ?? hostPath ?? image ?? '')
      .map((text) => (truncate ? fitted(text, MOUNT_CHARACTERS) : text))
      .join(','),
    Names: box.name ?? '',
    Networks: networksText(box),
    Platform: platformField(box.platform),
    Ports: portsText(box.exposedPorts ?? [], box.ports ?? []),
    RunningFor: ago(box.createdAt, now),
    Size: '0B',
    State: boxState(box),
    Status: boxStatusText(box, now),
  };
}

function networksText({ network, networks = [] }: BoxInfo): string {
  return networks.length === 0 ? (network ?? '') : networks.map(({ name }) => name).join(',');
}

/** A digest would fill a line on its own; a tag beside it is kept. */
function withoutDigest(image: string): string {
  return familiarReference(image.replace(/@sha(?:256|512):[0-9a-f]+$/, ''));
}

/** Docker's JSON has the platform's parts; a box created before they were recorded has none. */
function platformField(text: string | undefined): GoScalar {
  if (text === undefined) return new GoScalar('<nil>', null);
  const [os, architecture, variant] = text.split('/');
  return new GoScalar(text, { architecture, os, ...(variant !== undefined && { variant }) });
}

/** Docker's header of `.Label "com.example.my-app"`: `my app`. */
export function labelHeader(key = ''): string {
  return (key.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
}

/** `1.2MB (virtual 9.1MB)`; a removed box uses nothing. */
export function boxSizeText(size: BoxSize | undefined): string {
  const { writableBytes = 0, rootBytes = 0 } = size ?? {};
  return `${humanSize(writableBytes)} (virtual ${humanSize(rootBytes)})`;
}

/** Docker's word for the state, which `--filter status=` also accepts. */
export function boxState({ status, paused, restarting }: BoxInfo): string {
  if (restarting) return 'restarting';
  if (paused) return 'paused';
  const words = {
    unknown: 'unknown',
    configured: 'created',
    running: 'running',
    stopping: 'running',
    stopped: 'exited',
  } as const;
  return words[status];
}

export function boxStatusText(box: BoxInfo, now: Date): string {
  if (box.restarting)
    return `Restarting (${box.exitCode ?? 0}) ${ago(box.finishedAt ?? box.lastUpdated, now)}`;
  switch (box.status) {
    case 'unknown':
      return 'Unknown';
    case 'configured':
      return 'Created';
    case 'running':
    case 'stopping':
      return `Up ${humanDuration(now.getTime() - (box.startedAt ?? now).getTime())}${stateText(box)}`;
    case 'stopped':
      return `Exited (${box.exitCode ?? 0}) ${ago(box.finishedAt ?? box.lastUpdated, now)}`;
  }
}

/** Docker's words after the box's uptime, and one that Docker has no need of. */
function stateText(box: BoxInfo): string {
  const lost = box.networkError === undefined ? '' : ' (network lost)';
  return (box.paused ? ' (Paused)' : healthText(box)) + lost;
}

function healthText({ health }: BoxInfo): string {
  if (health === 'none') return '';
  return health === 'starting' ? ' (health: starting)' : ` (${health})`;
}

export function ago(then: Date, now: Date): string {
  return `${humanDuration(now.getTime() - then.getTime())} ago`;
}

/** Go's strconv.Quote: double quotes, and escapes for characters that control a terminal. */
function quoteGo(text: string): string {
  // The common case first: building the character classes below takes longer than the rest of a row.
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  const escapes: Readonly<Record<string, string>> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\x07': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
  };
  const escaped = text.replace(/["\\]|\p{Cc}|\p{Cf}/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex =
      code < 0x80
        ? `x${code.toString(16).padStart(2, '0')}`
        : `u${code.toString(16).padStart(4, '0')}`;
    return escapes[character] ?? `\\${hex}`;
  });
  return `"${escaped}"`;
}
