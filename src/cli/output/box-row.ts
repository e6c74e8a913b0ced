import type { BoxInfo } from '../../engine/box-info.js';
import { humanDuration } from './duration.js';
import type { ListRow } from './list.js';
import { shortId } from './reference.js';
import { goTime } from './timestamp.js';

export const BOX_HEADERS: Readonly<Record<string, string>> = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  Names: 'NAMES',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
};

export const BOX_COLUMNS = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

const COMMAND_CHARACTERS = 20;

/** A box as `ps` shows it, with Docker's names for the fields. */
export function boxRow(box: BoxInfo, now: Date, truncate: boolean): ListRow {
  const command = box.command.join(' ');
  return {
    Command: quoteGo(truncate ? ellipsis(command, COMMAND_CHARACTERS) : command),
    CreatedAt: goTime(box.createdAt),
    ID: truncate ? shortId(box.id) : box.id,
    Image: box.image,
    Labels: Object.entries(box.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    LocalVolumes: '0',
    Mounts: '',
    Names: box.name ?? '',
    Networks: '',
    Ports: '',
    RunningFor: ago(box.createdAt, now),
    State: boxState(box),
    Status: boxStatusText(box, now),
  };
}

/** Docker's word for the state, which `--filter status=` takes too. */
export function boxState({ status }: BoxInfo): string {
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
  switch (box.status) {
    case 'unknown':
      return 'Unknown';
    case 'configured':
      return 'Created';
    case 'running':
    case 'stopping':
      return `Up ${humanDuration(now.getTime() - (box.startedAt ?? now).getTime())}`;
    case 'stopped':
      return `Exited (${box.exitCode ?? 0}) ${ago(box.finishedAt ?? box.lastUpdated, now)}`;
  }
}

export function ago(then: Date, now: Date): string {
  return `${humanDuration(now.getTime() - then.getTime())} ago`;
}

function ellipsis(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** Go's strconv.Quote: double quotes, and escapes for what a terminal would act on. */
function quoteGo(text: string): string {
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
