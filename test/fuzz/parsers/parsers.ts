/** What reads hostile bytes in TypeScript, each with the promises that must hold whatever they are. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { decodeMessage, encodeMessage, type TableMessageName } from '../../../src/agent/codec.js';
import { FrameDecoder, MessageAssembler } from '../../../src/agent/frame.js';
import { MESSAGES } from '../../../src/agent/protocol.js';
import { BoxliteError, type ErrorCode } from '../../../src/errors.js';
import { encodeErofs } from '../../../src/image/erofs/erofs.js';
import { toLayerEntry } from '../../../src/image/layer/entry.js';
import { LayerMerge } from '../../../src/image/layer/merge.js';
import type { LayerEntry } from '../../../src/image/layer/toc.js';
import { parseToc } from '../../../src/image/layer/toc.js';
import { parseImageConfig } from '../../../src/image/oci/image-config.js';
import { parseManifest, suitableEntries } from '../../../src/image/oci/manifest.js';
import { hostPlatform } from '../../../src/image/oci/platform.js';
import { candidates, canonicalName, parseReference } from '../../../src/image/oci/reference.js';
import { parseChallenges } from '../../../src/image/registry/auth/challenge.js';
import { serverMessage } from '../../../src/image/registry/server-message.js';
import { parsePax } from '../../../src/image/tar/pax.js';
import { TarReader } from '../../../src/image/tar/reader.js';
import type { LogFile } from '../../../src/logs/log-files.js';
import { readRecords } from '../../../src/logs/log-record.js';
import { asLines, asMessage } from '../../../src/terminal-text.js';
import { readErofs } from '../../helpers/erofs-reader.js';
import type { Parser } from './search.js';

const MEDIA_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const JSON_WORDS = ['{', '}', '[', ']', '":', '"', ',', 'null', 'true', '{}', '[]', '"__proto__":'];
const PAX_WORDS = ['path=', 'linkpath=', 'size=', 'mtime=', 'GNU.sparse.map=', 'SCHILY.xattr.'];

export const PARSERS: Readonly<Record<string, Parser>> = {
  reference: {
    words: ['docker.io/', 'library/', 'localhost', ':5000/', '@sha256:', ':latest', '[::1]'],
    parse: (bytes) =>
      refusing(['invalid-reference'], () => {
        for (const each of candidates(parseReference(bytes.toString('utf8')))) {
          const name = canonicalName(each);
          const again = canonicalName(onlyOf(candidates(parseReference(name))));
          hold(again === name, `${name} is read as ${again}`);
        }
      }),
  },
  manifest: {
    words: [
      ...[...JSON_WORDS, ...MEDIA_TYPES, '"mediaType":', '"schemaVersion":2', '"config":'],
      ...['"layers":', '"manifests":', '"digest":', '"size":', '"platform":', '"data":', '"urls":'],
    ],
    parse: (bytes) =>
      refusing(['image-corrupt', 'unsupported'], () => {
        const document = parseManifest(bytes, undefined, 'the manifest');
        if (document.kind === 'index') suitableEntries(document, hostPlatform());
        else
          for (const { size } of [document.config, ...document.layers])
            hold(Number.isSafeInteger(size) && size >= 0, `a size of ${size}`);
      }),
  },
  'image-config': {
    words: [
      ...[...JSON_WORDS, '"config":', '"Env":', '"Healthcheck":', '"Test":', '"Interval":'],
      ...['"ExposedPorts":', '"Volumes":', '"rootfs":', '"diff_ids":', '"history":', '"User":'],
    ],
    parse: (bytes) =>
      refusing(['image-corrupt', 'unsupported'], () => void parseImageConfig(bytes, 'the config')),
  },
  challenges: {
    words: [
      'Bearer ',
      'Basic ',
      'realm=',
      '"',
      '\\"',
      ',',
      'service=',
      'scope=',
      '==',
      '__proto__=',
    ],
    parse: (bytes) => {
      for (const { scheme, parameters } of parseChallenges(bytes.toString('latin1')))
        hold(
          scheme === scheme.toLowerCase() &&
            Object.values(parameters).every((value) => typeof value === 'string'),
          `the challenge ${scheme}`,
        );
    },
  },
  'server-message': {
    words: [...JSON_WORDS, '"errors":', '"message":', '"code":', '"details":', '\\u001b'],
    parse: async (bytes) => {
      const response = { body: Readable(bytes), discard: () => undefined };
      const message = await serverMessage(response as never, (text) => text);
      hold(!/[\x00-\x1f\x7f-\x9f]/.test(message ?? ''), 'a message that acts on the terminal');
    },
  },
  pax: {
    words: [...PAX_WORDS, '\n', ' ', '=', '11 path=foo\n', 'GNU.sparse.numbytes='],
    parse: (bytes) =>
      refusing(['layer-invalid'], () => {
        const { size, mtimeNsec = 0 } = parsePax(bytes);
        hold(size === undefined || (Number.isSafeInteger(size) && size >= 0), `a size of ${size}`);
        hold(mtimeNsec >= 0 && mtimeNsec < 1e9, `${mtimeNsec} ns`);
      }),
  },
  layer: {
    words: ['ustar\x0000', 'ustar  \0', '.wh.', '.wh..wh..opq', '../', '\0\0\0\0', ...PAX_WORDS],
    parse: (bytes) =>
      refusing(['layer-invalid', 'unsupported'], () => {
        const layers = [readLayer(bytes), readLayer(bytes.subarray((bytes.length >> 10) << 9))];
        const merge = new LayerMerge();
        for (const { entries } of layers) merge.add(entries);
        const [first, second] = layers.map(({ blocks }) => blocks) as [number, number];
        const blocks = first + second;
        const metadata = encodeErofs(merge.root, [0, first], blocks, Buffer.alloc(16));
        // The reader reads contents, too; they are all zero.
        hold(blocks < 4096, 'a small archive has large contents');
        const files = readErofs(Buffer.concat([metadata, Buffer.alloc(blocks * 4096)]));
        hold(files.get('')?.kind === 'directory', 'no root');
        for (const path of files.keys())
          hold(!/(^|\/)\.{0,2}(\/|$)/.test(path) || path === '', path);
      }),
  },
  toc: {
    words: [...JSON_WORDS, '["f","', '["d","', '["w","', '\n', '[1,', ',0,0,0,0,0,0,0,"",0,0,[]]'],
    parse: async (bytes) => {
      await refusing(['image-corrupt'], () => void parseToc(bytes, 'the table'));
      // As if it were all there, so that more than its digest is looked at.
      await refusing(['image-corrupt'], () => {
        const { entries } = parseToc(sealed(bytes), 'the sealed table');
        for (const { mode } of entries) hold(typeof mode === 'number', 'a mode');
      });
    },
  },
  frames: {
    words: ['\0\0\0\0', '\x01\0\0\0', '\0\0\x01\0', '\0\0\x02\0', '\x40\0', '\x41\x01\0\0'],
    parse: (bytes) => {
      const whole = frames(bytes, bytes.length || 1);
      for (const size of [1, 11, 13])
        hold(isDeepStrictEqual(frames(bytes, size), whole), `in pieces of ${size}`);
    },
  },
  messages: {
    words: ['\0\0\0\0', '\x01\0\0\0', '\xff\xff\xff\xff', '\x08\0\0\0'],
    parse: (bytes) =>
      refusing(['protocol'], () => {
        const name = TABLES.at((bytes[0] ?? 0) % TABLES.length) ?? 'credit';
        const payload = bytes.subarray(1);
        const again = encodeMessage(name, decodeMessage(name, payload) as never);
        hold(again.equals(payload), `${name} is written as ${again.toString('hex')}`);
      }),
  },
  'output-log': {
    words: ['\x01\0\0\0\0\0\0\0', '\x02\0\0\0\x01\0\0\0', '\0\0\0\0', '\0\0\x10\0'],
    parse: (bytes) =>
      refusing(['protocol'], async () => {
        let at = 0;
        const log = { number: 0, path: 'the log', handle: new Bytes(bytes) };
        for await (const records of readRecords(log as unknown as LogFile, 0))
          for (const { from, to, data } of records) {
            hold(from === at && to - from === data.length + 16, `a record from ${from} to ${to}`);
            at = to;
          }
        hold(at <= bytes.length, 'it ends after its file');
      }),
  },
  'terminal-text': {
    words: ['\x1b[2J', '\x9b', '\u202e', '\u2028', '\r', '\n', '\t', '\0'],
    parse: (bytes) => {
      const text = bytes.toString('utf8');
      for (const shown of [asLines(text), asMessage(text)])
        hold(!/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(shown), JSON.stringify(shown));
      const [, ...more] = asMessage(text).split('\n');
      hold(
        more.every((line) => line.startsWith('  ')),
        'a line that looks like one of ours',
      );
    },
  },
};

const TABLES = Object.keys(MESSAGES)
  .filter((name) => (MESSAGES[name as keyof typeof MESSAGES].fields as unknown) instanceof Array)
  .sort() as TableMessageName[];

/** A file for whoever reads it piece by piece. */
class Bytes {
  constructor(readonly bytes: Buffer) {}

  read(buffer: Buffer, offset: number, length: number, position: number): Promise<object> {
    const bytesRead = this.bytes.copy(buffer, offset, position, position + length);
    return Promise.resolve({ buffer, bytesRead });
  }
}

async function* Readable(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function readLayer(archive: Buffer): { entries: LayerEntry[]; blocks: number } {
  const entries: LayerEntry[] = [];
  let blocks = 0;
  const reader = new TarReader({
    entry: (tar) => {
      const entry = toLayerEntry(tar, blocks);
      // Holes take no room in an archive: a few bytes may claim any size.
      if (tar.size > 1 << 22) throw new BoxliteError('layer-invalid', 'too large to read back');
      if (entry === undefined) return;
      blocks += Math.ceil(entry.size / 4096);
      entries.push(entry);
    },
    data: () => undefined,
    hole: () => undefined,
    done: () => undefined,
  });
  reader.push(archive);
  reader.end();
  return { entries, blocks };
}

function sealed(lines: Buffer): Buffer {
  const body = lines.length === 0 || lines.at(-1) === 0x0a ? lines : Buffer.concat([lines, LINE]);
  const counts = [1, body.filter((byte) => byte === 0x0a).length, 0];
  const hash = createHash('sha256').update(body).update(JSON.stringify(counts)).digest('hex');
  return Buffer.concat([body, Buffer.from(`${JSON.stringify([...counts, hash])}\n`)]);
}

const LINE = Buffer.from('\n');

/** All that a stream says, or why it is refused after that. */
function frames(bytes: Buffer, pieceBytes: number): unknown[] {
  const told: unknown[] = [];
  const messages = new MessageAssembler();
  const decoder = new FrameDecoder((frame) => {
    const { session, type, flags } = frame;
    told.push([session, type, flags, messages.add(frame)?.toString('hex')]);
  });
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      decoder.push(bytes.subarray(at, at + pieceBytes));
    told.push(decoder.idle);
  } catch (error) {
    if (!(error instanceof BoxliteError) || error.code !== 'protocol') throw error;
    told.push(error.message);
  }
  return told;
}

/** A parser may refuse what it is given, for these reasons, by a message that acts on no terminal. */
function refusing(codes: readonly ErrorCode[], parse: () => void | Promise<void>): Promise<void> {
  return Promise.resolve()
    .then(parse)
    .catch((error: unknown) => {
      if (!(error instanceof BoxliteError) || !codes.includes(error.code)) throw error;
    });
}

function onlyOf<T>(values: readonly T[]): T {
  hold(values.length === 1, `${values.length} candidates`);
  return values[0] as T;
}

function hold(fact: boolean, otherwise: string): void {
  if (!fact) throw new Error(otherwise);
}
