import type { VolumeInfo } from '../../../engine/volumes/info.js';
import type { ListRow } from '../terminal/list.js';
import { labelHeader } from './box-row.js';

export const VOLUME_HEADERS: ListRow = {
  Driver: 'DRIVER',
  Name: 'VOLUME NAME',
  Scope: 'SCOPE',
  Mountpoint: 'MOUNTPOINT',
  Labels: 'LABELS',
  Label: labelHeader,
  Links: 'LINKS',
  Size: 'SIZE',
  Group: 'GROUP',
  Availability: 'AVAILABILITY',
  Status: 'STATUS',
};

export const VOLUME_COLUMNS: readonly string[] = ['Driver', 'Name'];

/** Docker's `--format raw`. */
export const VOLUME_RAW = {
  lines: 'name: {{.Name}}\ndriver: {{.Driver}}\n',
  quiet: 'name: {{.Name}}',
};

/** What Docker prints for what it has not counted, and for what only a cluster's volumes have. */
const NOTHING = 'N/A';

/**
 * A volume as `volume ls` and `system df -v` show it, with Docker's field names in the order of its JSON.
 * @param usage what was counted, in text
 */
export function volumeRow(
  { name, mountpoint, labels }: VolumeInfo,
  usage: { links?: string; size?: string } = {},
): ListRow {
  return {
    Availability: NOTHING,
    Driver: VOLUME_DRIVER,
    Group: NOTHING,
    Label: (key = '') => labels[key] ?? '',
    Labels: Object.entries(labels)
      .map(([key, text]) => `${key}=${text}`)
      .sort()
      .join(','),
    Links: usage.links ?? NOTHING,
    Mountpoint: mountpoint,
    Name: name,
    Scope: VOLUME_SCOPE,
    Size: usage.size ?? NOTHING,
    Status: NOTHING,
  };
}

export const VOLUME_DRIVER = 'local';
export const VOLUME_SCOPE = 'local';
