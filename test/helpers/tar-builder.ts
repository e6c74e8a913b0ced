/** A tar header's fields; a missing one gets a plain file's value. Strings hold bytes as latin1. */
export interface TarFields {
  name: string;
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  /** The size field if it must differ from the content's length. */
  size?: number;
  mtime?: number;
  linkName?: string;
  content?: Buffer | string;
  prefix?: string;
  magic?: string;
  major?: number;
  minor?: number;
  /** Records of a pax header before the entry. */
  pax?: Record<string, string>;
  /** Changes the header before its checksum is written. */
  patch?: (header: Buffer) => void;
}

/** An archive of these entries with the two zero blocks that end it. */
export function tar(...entries: TarFields[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]);
}

/** One entry: a pax header if there are records, the header, the padded content. */
export function tarEntry(fields: TarFields): Buffer {
  const content = toBytes(fields.content ?? '');
  const extension = fields.pax === undefined ? [] : [paxEntry(fields.pax)];
  return Buffer.concat([...extension, tarHeader(fields, content.length), padded(content)]);
}

export function tarHeader(fields: TarFields, contentLength = 0): Buffer {
  const header = Buffer.alloc(512);
  header.write(fields.name, 0, 100, 'latin1');
  writeNumber(header, fields.mode ?? (fields.type === '5' ? 0o755 : 0o644), 100, 8);
  writeNumber(header, fields.uid ?? 0, 108, 8);
  writeNumber(header, fields.gid ?? 0, 116, 8);
  writeNumber(header, fields.size ?? contentLength, 124, 12);
  writeNumber(header, fields.mtime ?? 1_700_000_000, 136, 12);
  header.write(fields.type ?? '0', 156, 'latin1');
  header.write(fields.linkName ?? '', 157, 100, 'latin1');
  header.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  writeNumber(header, fields.major ?? 0, 329, 8);
  writeNumber(header, fields.minor ?? 0, 337, 8);
  header.write(fields.prefix ?? '', 345, 155, 'latin1');
  fields.patch?.(header);
  sealHeader(header);
  return header;
}

/** Writes the checksum of a header. */
export function sealHeader(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

export function paxEntry(records: Record<string, string>): Buffer {
  const body = Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return tarEntry({ name: 'PaxHeaders/x', type: 'x', content: body });
}

export function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (length !== rest.length + String(length).length)
    length = rest.length + String(length).length;
  return Buffer.from(`${length}${rest}`, 'latin1');
}

/** Octal if it fits, otherwise GNU's base-256. */
function writeNumber(header: Buffer, value: number, offset: number, length: number): void {
  if (value >= 0 && value < 8 ** (length - 1)) {
    header.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let at = offset + length - 1; at >= offset; at--) {
    header.writeUInt8(Number(rest & 0xffn), at);
    rest >>= 8n;
  }
  header.writeUInt8((header[offset] ?? 0) | 0x80, offset);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function toBytes(content: Buffer | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
}
