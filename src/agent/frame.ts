import { BoxliteError } from '../errors.js';
import { FRAME_FLAGS, LIMITS } from './protocol.js';

export interface Frame {
  session: number;
  type: number;
  /** Bits of `FRAME_FLAGS`. */
  flags: number;
  /** Possibly a view of a larger buffer; nothing writes to it afterwards. */
  payload: Buffer;
}

const EMPTY = Buffer.alloc(0);
/** Charged for each waiting part on top of its bytes: tiny parts must not be almost free. */
const PART_COST = 64;

/** Header and payload in one buffer; payloads of more than `MAX_PAYLOAD` need `messageFrames`. */
export function encodeFrame(frame: Frame): Buffer {
  return Buffer.concat([frameHeader(frame, frame.payload.length), frame.payload]);
}

/** The twelve bytes before a payload, so large payloads need no copy. */
export function frameHeader(
  { session, type, flags }: Omit<Frame, 'payload'>,
  payloadBytes: number,
): Buffer {
  if (payloadBytes > LIMITS.MAX_PAYLOAD)
    throw new RangeError(`a frame's payload has ${payloadBytes} bytes`);
  const header = Buffer.allocUnsafe(LIMITS.HEADER_BYTES);
  header.writeUInt32LE(payloadBytes, 0);
  header.writeUInt32LE(session, 4);
  header.writeUInt8(type, 8);
  header.writeUInt8(flags, 9);
  header.writeUInt16LE(0, 10);
  return header;
}

/** Cuts a message into as many frames as it needs, all but the last one flagged MORE. */
export function messageFrames({ payload, ...frame }: Frame): Frame[] {
  const frames: Frame[] = [];
  let from = 0;
  while (payload.length - from > LIMITS.MAX_PAYLOAD) {
    const part = payload.subarray(from, from + LIMITS.MAX_PAYLOAD);
    frames.push({ ...frame, flags: frame.flags | FRAME_FLAGS.MORE, payload: part });
    from += LIMITS.MAX_PAYLOAD;
  }
  frames.push({ ...frame, payload: payload.subarray(from) });
  return frames;
}

/**
 * Cuts a stream into frames. A payload within one chunk is passed on as a view of it; one that spans several
 * chunks is copied once. Holds at most one frame.
 */
export class FrameDecoder {
  readonly #onFrame: (frame: Frame) => void;
  readonly #header = Buffer.allocUnsafe(LIMITS.HEADER_BYTES);
  #headerBytes = 0;
  /** The payload being collected, once its header is known. */
  #payload: Buffer | undefined;
  #payloadBytes = 0;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /**
   * Calls back for each frame that `chunk` completes, in order.
   * @throws `protocol` for a header that breaks the format; the stream is unusable afterwards
   */
  push(chunk: Buffer): void {
    let at = this.#resume(chunk);
    while (chunk.length - at >= LIMITS.HEADER_BYTES) {
      const length = payloadLength(chunk, at);
      const from = at + LIMITS.HEADER_BYTES;
      if (chunk.length - from < length) break;
      this.#emit(chunk, at, length === 0 ? EMPTY : chunk.subarray(from, from + length));
      at = from + length;
    }
    this.#keep(chunk, at);
  }

  /** True between frames: the stream may end here. */
  get idle(): boolean {
    return this.#headerBytes === 0;
  }

  /** Completes the frame that earlier chunks began; returns how much of `chunk` that took. */
  #resume(chunk: Buffer): number {
    if (this.#headerBytes === 0) return 0;
    let at = 0;
    if (this.#payload === undefined) {
      at = chunk.copy(this.#header, this.#headerBytes);
      this.#headerBytes += at;
      if (this.#headerBytes < LIMITS.HEADER_BYTES) return at;
      this.#payload = Buffer.allocUnsafe(payloadLength(this.#header, 0));
      this.#payloadBytes = 0;
    }
    const copied = chunk.copy(this.#payload, this.#payloadBytes, at);
    this.#payloadBytes += copied;
    at += copied;
    if (this.#payloadBytes === this.#payload.length) {
      const payload = this.#payload;
      this.#payload = undefined;
      this.#headerBytes = 0;
      this.#emit(this.#header, 0, payload);
    }
    return at;
  }

  /** Stores the incomplete frame at the end of `chunk`. */
  #keep(chunk: Buffer, at: number): void {
    if (at === chunk.length) return;
    const headerBytes = chunk.copy(this.#header, 0, at);
    this.#headerBytes = headerBytes;
    if (headerBytes < LIMITS.HEADER_BYTES) return;
    this.#payload = Buffer.allocUnsafe(payloadLength(this.#header, 0));
    this.#payloadBytes = chunk.copy(this.#payload, 0, at + LIMITS.HEADER_BYTES);
  }

  #emit(header: Buffer, at: number, payload: Buffer): void {
    this.#onFrame({
      session: header.readUInt32LE(at + 4),
      type: header.readUInt8(at + 8),
      flags: header.readUInt8(at + 9),
      payload,
    });
  }
}

/**
 * Joins frames flagged MORE into messages. The bytes waiting in all sessions are capped, because a guest may
 * begin messages and never end them.
 */
export class MessageAssembler {
  readonly #parts = new Map<string, Buffer[]>();
  #waitingBytes = 0;

  /**
   * The payload of the whole message, or undefined while parts are missing.
   * @throws `protocol` when what waits exceeds `MAX_MESSAGE`
   */
  add(frame: Frame): Buffer | undefined {
    const more = (frame.flags & FRAME_FLAGS.MORE) !== 0;
    if (!more && this.#parts.size === 0) return frame.payload;
    const key = `${frame.session}/${frame.type}`;
    const parts = this.#parts.get(key) ?? [];
    if (!more) {
      this.#parts.delete(key);
      for (const part of parts) this.#waitingBytes -= part.length + PART_COST;
      return Buffer.concat([...parts, frame.payload]);
    }
    this.#waitingBytes += frame.payload.length + PART_COST;
    if (this.#waitingBytes > LIMITS.MAX_MESSAGE)
      throw new BoxliteError(
        'protocol',
        `session ${frame.session}: a message of type ${frame.type} exceeds ${LIMITS.MAX_MESSAGE} bytes`,
      );
    // A copy: a view of one byte would keep its whole chunk alive while the message waits.
    parts.push(Buffer.from(frame.payload));
    this.#parts.set(key, parts);
    return undefined;
  }
}

function payloadLength(header: Buffer, at: number): number {
  const length = header.readUInt32LE(at);
  if (length > LIMITS.MAX_PAYLOAD)
    throw new BoxliteError(
      'protocol',
      `a frame claims a payload of ${length} bytes, more than ${LIMITS.MAX_PAYLOAD}`,
    );
  if (header.readUInt16LE(at + 10) !== 0)
    throw new BoxliteError('protocol', "a frame's reserved bytes are not zero");
  return length;
}
