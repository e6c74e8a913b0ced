import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  MessageAssembler,
  messageFrames,
} from '../../../src/agent/frame.js';
import { FRAME_FLAGS, LIMITS } from '../../../src/agent/protocol.js';

const FRAMES: Frame[] = [
  { session: 0, type: 0x41, flags: 0, payload: Buffer.from('ready') },
  { session: 0xffff_ffff, type: 0xff, flags: 3, payload: Buffer.alloc(0) },
  { session: 2, type: 0x45, flags: 0, payload: Buffer.alloc(LIMITS.MAX_PAYLOAD, 7) },
  { session: 3, type: 0x46, flags: 2, payload: Buffer.from([0]) },
];
const STREAM = Buffer.concat(FRAMES.map(encodeFrame));

describe('encodeFrame', () => {
  it('writes the header little-endian', () => {
    const frame = { session: 0x0102_0304, type: 0x45, flags: 2, payload: Buffer.from('ab') };
    expect(encodeFrame(frame).toString('hex')).toBe('020000000403020145020000' + '6162');
  });

  it('refuses a payload above the cap', () => {
    const payload = Buffer.alloc(LIMITS.MAX_PAYLOAD + 1);
    expect(() => encodeFrame({ session: 0, type: 1, flags: 0, payload })).toThrow(RangeError);
  });
});

describe('FrameDecoder', () => {
  it.each([1, 2, 5, 11, 12, 13, 17, 4096, 65_535, 65_548, STREAM.length])(
    'finds the same frames in chunks of %d bytes',
    (size) => {
      const frames: Frame[] = [];
      const decoder = new FrameDecoder((frame) => frames.push(frame));
      for (let at = 0; at < STREAM.length; at += size) decoder.push(STREAM.subarray(at, at + size));
      expect(frames).toEqual(FRAMES);
      expect(decoder.idle).toBe(true);
    },
  );

  it('finds the same frames wherever the stream is cut once', () => {
    const stream = Buffer.concat(FRAMES.filter((f) => f.payload.length < 99).map(encodeFrame));
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const frames: Frame[] = [];
      const decoder = new FrameDecoder((frame) => frames.push(frame));
      decoder.push(stream.subarray(0, cut));
      decoder.push(stream.subarray(cut));
      expect(frames).toHaveLength(3);
    }
  });

  it('hands a payload that lies within one chunk on without copying it', () => {
    const chunk = Buffer.from(STREAM);
    const frames: Frame[] = [];
    new FrameDecoder((frame) => frames.push(frame)).push(chunk);
    expect(frames[2]?.payload.buffer).toBe(chunk.buffer);
  });

  it('is not idle within a frame', () => {
    const decoder = new FrameDecoder(() => undefined);
    decoder.push(STREAM.subarray(0, 3));
    expect(decoder.idle).toBe(false);
  });

  const hostile: [string, string, RegExp][] = [
    ['a length above the cap', '0100010000000000' + '45000000', /payload of 65537 bytes/],
    ['a length of 4 GB', 'ffffffff00000000' + '45000000', /payload of 4294967295 bytes/],
    ['reserved bytes in use', '0000000000000000' + '45000100', /reserved bytes/],
  ];
  it.each(hostile)('refuses %s, in one chunk or byte by byte', (_attack, hex, message) => {
    const header = Buffer.from(hex, 'hex');
    const whole = new FrameDecoder(() => undefined);
    expect(() => whole.push(header)).toThrow(message);
    const bytewise = new FrameDecoder(() => undefined);
    expect(() => {
      for (const byte of header) bytewise.push(Buffer.from([byte]));
    }).toThrow(message);
  });
});

describe('messageFrames', () => {
  it.each([0, 1, 65_536, 65_537, 131_072, 1_000_000])(
    'cuts %d bytes so that the assembler makes them whole',
    (length) => {
      const payload = Buffer.alloc(length, 'payload');
      const frames = messageFrames({ session: 5, type: 2, flags: 0, payload });
      const assembler = new MessageAssembler();
      const results = frames.map((frame) => assembler.add(frame));
      expect(frames).toHaveLength(Math.max(1, Math.ceil(length / LIMITS.MAX_PAYLOAD)));
      expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
      expect(results.at(-1)?.equals(payload)).toBe(true);
    },
  );
});

describe('MessageAssembler', () => {
  it('keeps messages of two sessions and two types apart', () => {
    const assembler = new MessageAssembler();
    expect(assembler.add(part(2, 0x43, 'a'))).toBeUndefined();
    expect(assembler.add(part(3, 0x43, 'b'))).toBeUndefined();
    expect(assembler.add(part(2, 0x44, 'c'))).toBeUndefined();
    expect(assembler.add(last(3, 0x43, 'B'))?.toString()).toBe('bB');
    expect(assembler.add(last(2, 0x44, 'C'))?.toString()).toBe('cC');
    expect(assembler.add(last(2, 0x43, 'A'))?.toString()).toBe('aA');
  });

  it('refuses messages that are begun and never ended, over all sessions together', () => {
    const assembler = new MessageAssembler();
    const payload = Buffer.alloc(LIMITS.MAX_PAYLOAD);
    expect(() => {
      for (let session = 2; session < 70; session += 1)
        assembler.add({ session, type: 0x43, flags: FRAME_FLAGS.MORE, payload });
    }).toThrow(/a message of type 67 exceeds 4194304 bytes/);
  });

  it('refuses a message of endless empty frames', () => {
    const assembler = new MessageAssembler();
    expect(() => {
      for (let round = 0; round < 70_000; round += 1) assembler.add(part(2, 0x43, ''));
    }).toThrow(/exceeds/);
  });
});

function part(session: number, type: number, text: string): Frame {
  return { session, type, flags: FRAME_FLAGS.MORE, payload: Buffer.from(text) };
}

function last(session: number, type: number, text: string): Frame {
  return { session, type, flags: 0, payload: Buffer.from(text) };
}
