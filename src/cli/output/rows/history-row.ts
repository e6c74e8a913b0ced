import type { HistoryLine } from '../../../engine/images/history.js';
import type { ListRow } from '../terminal/list.js';
import { shortId } from '../text/reference.js';
import { humanSize } from '../text/size.js';
import { fitted } from '../text/text-width.js';
import { rfc3339 } from '../text/timestamp.js';
import { ago } from './box-row.js';

export const HISTORY_HEADERS: Readonly<Record<string, string>> = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};

export const HISTORY_COLUMNS = ['ID', 'CreatedSince', 'CreatedBy', 'Size', 'Comment'];

const CREATED_BY_CHARACTERS = 45;

export interface HistoryView {
  now: Date;
  human: boolean;
  truncate: boolean;
}

/** A step as `history` shows it, with Docker's field names. */
export function historyRow(line: HistoryLine, { now, human, truncate }: HistoryView): ListRow {
  const createdAt = line.createdAt === undefined ? '' : rfc3339(line.createdAt);
  const createdBy = line.createdBy.replaceAll('\t', ' ');
  return {
    Comment: line.comment,
    CreatedAt: createdAt,
    CreatedBy: truncate ? fitted(createdBy, CREATED_BY_CHARACTERS) : createdBy,
    CreatedSince: sinceOf(line.createdAt, human ? now : undefined, createdAt),
    ID: line.id === undefined ? '<missing>' : truncate ? shortId(line.id) : line.id,
    Size: human ? humanSize(line.sizeBytes) : String(line.sizeBytes),
  };
}

function sinceOf(createdAt: Date | undefined, now: Date | undefined, text: string): string {
  if (createdAt === undefined) return 'N/A';
  return now === undefined ? text : ago(createdAt, now);
}
