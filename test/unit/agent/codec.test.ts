import { describe, expect, it } from 'vitest';
import type { TableMessageName } from '../../../src/agent/codec.js';
import { decodeMessage, encodeMessage, encodeTable } from '../../../src/agent/codec.js';
import { LIMITS, SHIM_CONFIG } from '../../../src/agent/protocol.js';
import { BoxliteError } from '../../../src/errors.js';

const EXEC = {
  flags: 2,
  rows: 24,
  cols: 80,
  timeoutMs: 0,
  capabilities: 0xa80425fbn,
  oomScoreAdj: 1_000,
  user: 'root',
  groups: ['audio'],
  cwd: '/tmp',
  argv: ['echo', Buffer.from([0xff, 0xfe])],
  env: ['A=1'],
  rlimits: [{ resource: 7, soft: 1024n, hard: 0xffff_ffff_ffff_ffffn }],
};

describe('encodeMessage', () => {
  it('writes fields in table order, little-endian, bytes with their length', () => {
    const bytes = encodeMessage('exec', EXEC);
    expect(bytes.toString('hex')).toBe(
      [
        '02000000', // flags
        '1800', // rows
        '5000', // cols
        '00000000', // timeout
        'fb2504a800000000', // capabilities
        'e803', // oomScoreAdj
        '04000000726f6f74', // user
        '01000000', // groups
        '05000000617564696f',
        '040000002f746d70', // cwd
        '02000000', // argv
        '040000006563686f',
        '02000000fffe',
        '01000000', // env
        '03000000413d31',
        '01000000', // rlimits
        '07000000',
        '0004000000000000',
        'ffffffffffffffff',
      ].join(''),
    );
  });

  it('gives back through decodeMessage what it was given', () => {
    const decoded = decodeMessage('exec', encodeMessage('exec', EXEC));
    expect(decoded).toEqual({
      ...EXEC,
      user: Buffer.from('root'),
      groups: [Buffer.from('audio')],
      cwd: Buffer.from('/tmp'),
      argv: [Buffer.from('echo'), Buffer.from([0xff, 0xfe])],
      env: [Buffer.from('A=1')],
    });
  });

  it('counts the bytes of UTF-8, not the characters', () => {
    const decoded = decodeMessage('failed', encodeMessage('failed', failed('é漢🚀')));
    expect(decoded.message.toString()).toBe('é漢🚀');
  });

  it('keeps values at the ends of their range', () => {
    const values = { code: 0xffff_ffff, signal: 0, flags: 0xffff_ffff };
    expect(decodeMessage('exited', encodeMessage('exited', values))).toEqual(values);
  });

  it('needs no bytes for a message without fields', () => {
    expect(encodeMessage('gone', {})).toHaveLength(0);
  });

  const refused: [string, () => unknown, RegExp][] = [
    ['a u32 below zero', () => encodeMessage('started', { pid: -1 }), /started: pid must be/],
    ['a u32 above 2³²−1', () => encodeMessage('started', { pid: 2 ** 32 }), /pid must be/],
    ['a fraction', () => encodeMessage('started', { pid: 1.5 }), /pid must be/],
    ['not a number', () => encodeMessage('started', { pid: Number.NaN }), /pid must be/],
    ['a u16 above 65535', () => encodeMessage('resize', { rows: 65_536, cols: 1 }), /rows must/],
    [
      'a u64 above 2⁶⁴−1',
      () => encodeMessage('ready', { generation: 1, uptimeNs: 2n ** 64n }),
      /uptimeNs must be/,
    ],
    [
      'a u64 below zero',
      () => encodeMessage('ready', { generation: 1, uptimeNs: -1n }),
      /uptimeNs must be/,
    ],
    [
      'a list that is too long',
      () => encodeMessage('exec', { ...EXEC, argv: new Array<string>(65_537).fill('') }),
      /argv has 65537 items/,
    ],
    [
      'a message above the cap',
      () => encodeMessage('exec', { ...EXEC, argv: ['x'.repeat(LIMITS.MAX_MESSAGE)] }),
      /the exec message is \d+ bytes/,
    ],
    [
      'a field that is missing',
      () => encodeTable([['size', 'u32']], {}),
      /table: size must be an integer/,
    ],
    [
      'text where a list belongs',
      () => encodeTable([['list', [['value', 'u8']]]] as const, { list: 'ab' as never }),
      /list must be a list/,
    ],
  ];
  it.each(refused)('refuses %s', (_what, encode, message) => {
    expect(encode).toThrow(BoxliteError);
    expect(encode).toThrow(message);
  });
});

describe('encodeTable', () => {
  it('writes the configuration of the shim', () => {
    const bytes = encodeTable(SHIM_CONFIG, {
      generation: 1,
      flags: 0,
      walls: 7,
      neededWalls: 0,
      roots: ['/r'],
      box: 'b',
      directory: '/d',
      consoleLimit: 1,
      logMaxBytes: 0n,
      logMaxFiles: 1,
      argv: ['/q'],
      env: [],
      files: [{ fd: 7, flags: 1, path: '/p' }],
      qmpFd: 3,
      portFd: 4,
      consoleFd: 5,
      idDirectory: '',
      firstId: 1,
      idRanges: 1,
      foreignIds: [{ first: 1, last: 2 }],
      rlimits: [],
      ...{ groupMemory: 1n, groupTasks: 1, groupWeight: 0 },
      preload: '',
      onExit: [],
      onExitEnv: [],
      exitDelayMs: 0,
      timeoutMs: 0,
      shareFd: 19,
      shares: [],
      ...{ netProgram: '', netFd: 0, macAddress: '', address: 0, prefix: 0, prefixLength: 0 },
      ...{ gateway: 0, resolver: 0, address6: '', prefix6: '', gateway6: '', resolver6: '' },
      ...{ mtu: 0, ports: [], netMode: 0, netReports: 0, hostPorts: [], netRules: [] },
      ...{ netTx: 0n, netRx: 0n, networkDirectory: '', hubProgram: '', links: [] },
    });
    expect(bytes.subarray(26, 37).toString('hex')).toBe('0100000062020000002f64');
    expect(bytes).toHaveLength(
      4 * 4 +
        10 +
        5 +
        6 +
        4 +
        12 +
        10 +
        4 +
        18 +
        12 +
        12 +
        12 +
        4 +
        4 +
        4 +
        4 +
        8 +
        8 +
        53 +
        16 +
        16 +
        16 +
        12,
    );
  });
});

describe('decodeMessage', () => {
  const whole = encodeMessage('failed', failed('no such file'));

  it('refuses every message that is cut short', () => {
    for (let length = 0; length < whole.length; length += 1)
      expect(() => decodeMessage('failed', whole.subarray(0, length)), `${length} bytes`).toThrow(
        /failed: \w+ needs \d+ bytes, \d+ are left/,
      );
  });

  it('refuses bytes after the last field', () => {
    const long = Buffer.concat([whole, Buffer.from([0])]);
    expect(() => decodeMessage('failed', long)).toThrow(/1 bytes follow the last field/);
    expect(() => decodeMessage('gone', Buffer.from([0]))).toThrow(BoxliteError);
  });

  it('refuses a length that claims 4 GB without reserving it', () => {
    const bomb = Buffer.from(whole);
    bomb.writeUInt32LE(0xffff_ffff, 8);
    expect(() => decodeMessage('failed', bomb)).toThrow(/needs 4294967295 bytes, 12 are left/);
  });

  it('refuses a list that claims more items than may be', () => {
    const bomb = encodeMessage('exec', {
      ...EXEC,
      user: '',
      groups: [],
      cwd: '',
      argv: [],
      env: [],
    });
    bomb.writeUInt32LE(0xffff_ffff, 4 + 2 + 2 + 4 + 8 + 2 + 4 + 4 + 4);
    expect(() => decodeMessage('exec', bomb)).toThrow(/argv claims 4294967295 items/);
  });

  it('survives golden messages that were mutated: a value or a protocol error, nothing else', () => {
    const golden: [TableMessageName, Buffer][] = [
      ['failed', whole],
      ['exec', encodeMessage('exec', EXEC)],
      ['exited', encodeMessage('exited', { code: 1, signal: 0, flags: 0 })],
      [
        'welcome',
        encodeMessage('welcome', { generation: 1, phase: 2, shimPid: 3, vmmPid: 4, box: 'abc' }),
      ],
    ];
    const random = generator(20_240_601);
    for (const [name, message] of golden)
      for (let round = 0; round < 2000; round += 1) {
        const mutant = mutate(message, random);
        try {
          decodeMessage(name, mutant);
        } catch (error) {
          expect(error).toBeInstanceOf(BoxliteError);
          expect(error).toHaveProperty('code', 'protocol');
        }
      }
  });
});

function failed(message: string): { errno: number; stage: number; message: string } {
  return { errno: 2, stage: 8, message };
}

/** A small linear congruential generator: the same mutants in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutate(message: Buffer, random: (below: number) => number): Buffer {
  const mutant = Buffer.from(message.subarray(0, message.length - random(3)));
  for (let change = random(4); change >= 0 && mutant.length > 0; change -= 1)
    mutant[random(mutant.length)] = [0, 1, 0x7f, 0x80, 0xff][random(5)] ?? 0;
  return random(4) === 0 ? Buffer.concat([mutant, Buffer.alloc(random(9), 0xff)]) : mutant;
}
