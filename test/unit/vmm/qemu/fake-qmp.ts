import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { QmpClient } from '../../../../src/vmm/qemu/qmp.js';

export interface QmpCommand {
  execute: string;
  arguments: unknown;
}

/** What QEMU answers; nothing when the test answers by itself. */
export type Answer = (command: QmpCommand) => object | undefined;

export const DONE = { return: {} };
export const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2 } }, capabilities: [] } };

export const refused = (desc: string): object => ({ error: { class: 'GenericError', desc } });

export const event = (name: string, data: object = {}): object => ({
  timestamp: { seconds: 1, microseconds: 2 },
  event: name,
  data,
});

/** QEMU's monitor, in this process, at the other end of `client`. */
export class FakeQmp {
  readonly received: QmpCommand[] = [];

  static async start(answer: Answer = () => DONE): Promise<FakeQmp> {
    const directory = mkdtempSync(join(tmpdir(), 'boxlite-qmp-'));
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(join(directory, 's'), resolve);
    });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const near = createConnection(join(directory, 's'));
    await once(near, 'connect');
    const [far] = await accepted;
    onTestFinished(() => {
      near.destroy();
      far.destroy();
      server.close();
      rmSync(directory, { recursive: true, force: true });
    });
    return new FakeQmp(new QmpClient(near), near, far, answer);
  }

  private constructor(
    readonly client: QmpClient,
    /** The client's end. */
    readonly near: Socket,
    readonly far: Socket,
    answer: Answer,
  ) {
    far.on('error', () => undefined); // the client may leave first
    createInterface({ input: far }).on('line', (line) => {
      const command = JSON.parse(line) as QmpCommand;
      this.received.push(command);
      const said = answer(command);
      if (said !== undefined) this.send(said);
    });
  }

  /** One or more messages in one piece. */
  send(...messages: (object | string)[]): void {
    const lines = messages.map((message) =>
      typeof message === 'string' ? message : `${JSON.stringify(message)}\r\n`,
    );
    this.far.write(lines.join(''));
  }
}
