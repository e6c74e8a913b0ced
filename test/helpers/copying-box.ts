import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { decodeMessage } from '../../src/agent/codec.js';
import { EXEC_FLAGS, LIMITS } from '../../src/agent/protocol.js';
import type { LiteBox } from '../../src/engine/box.js';
import { BOX_FILES } from '../../src/host/home.js';
import { isEof } from './fake-shim.js';
import { giveShim, TINY, tinyRuntime } from './tiny-runtime.js';

/** What a guest says for its end of a copy. */
interface Answer {
  archive?: Buffer;
  report?: string;
  code?: number;
  /** The box ends in the middle. */
  vanish?: boolean;
  /** It never says that it is done. */
  silent?: boolean;
  onRequest?: (argv: string[], flags: number) => void;
}

/** A running box whose agent answers whatever is asked with this; sends no more than its window. */
export async function boxThat(answer: Answer): Promise<LiteBox> {
  const { home, runtime } = await tinyRuntime();
  const box = await runtime.create({ rootfs: { image: TINY } }, 'liar');
  await giveShim(home, box.id, (peer) => {
    peer.welcome();
    peer.on('exec', ({ session, payload }) => {
      const { argv, flags } = decodeMessage('exec', payload);
      answer.onRequest?.(argv.map(String), flags);
      peer.send('started', session, { pid: 5 });
      let rest = answer.archive ?? Buffer.alloc(0);
      let room: number = LIMITS.WINDOW;
      const pump = (): void => {
        while (rest.length > 0 && room > 0) {
          const piece = rest.subarray(0, Math.min(room, 65_000));
          rest = rest.subarray(piece.length);
          room -= piece.length;
          peer.output('stdout', session, piece);
        }
        if (rest.length > 0) return;
        if (answer.vanish === true) {
          peer.socket.destroy();
          return;
        }
        if (answer.silent === true) return;
        peer.output('stderr', session, Buffer.from(answer.report ?? '=0 0\n'));
        peer.send('exited', session, { code: answer.code ?? 0, signal: 0, flags: 0 });
      };
      peer.on('credit', (frame) => {
        room += decodeMessage('credit', frame.payload).bytes;
        pump();
      });
      if ((flags & EXEC_FLAGS.UNPACK) === 0) pump();
      else
        peer.on('stdin', (frame) => {
          if (isEof(frame)) pump();
        });
    });
  });
  writeFileSync(
    join(home.box(box.id), BOX_FILES.started),
    JSON.stringify({ at: '2026-11-05T10:00:00.000000000Z', shimPid: 11, vmmPid: 12 }),
  );
  return box;
}

export function place(): { top: string; dest: string; outside: () => string[] } {
  const top = mkdtempSync(join(tmpdir(), 'boxlite-copy-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  writeFileSync(join(top, 'kept'), 'kept');
  chmodSync(join(top, 'kept'), 0o640);
  return { top, dest: join(top, 'dest'), outside: () => readdirSync(top).sort() };
}
