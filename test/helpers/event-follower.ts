import { stripVTControlCharacters } from 'node:util';
import type { RunningCli } from './cli.js';
import type { TestHome } from './test-home.js';

/**
 * Follows `boxlite events` of one box, from before it is created, so that a test can wait without a clock.
 */
export class EventFollower implements AsyncDisposable {
  readonly #cli: RunningCli;

  private constructor(cli: RunningCli) {
    this.#cli = cli;
  }

  /** Resolves when it follows: all later events are seen. */
  static async start(home: TestHome, box: string): Promise<EventFollower> {
    const format = '<{{.Action}} {{.Actor.Attributes.name}} {{json .Actor.Attributes}}>';
    // From the test's current time: the follower may read its own clock long after the probe was created.
    const args = ['events', '--since', new Date().toISOString(), '--format', format];
    const cli = home.start(args, { timeoutMs: 110_000 });
    // An event of a separate box proves that the follower listens.
    const probe = `probe-${box}`;
    await home.ok(['create', '--name', probe, 'busybox', 'true']);
    await cli.output(new RegExp(`<create ${probe} `));
    await home.ok(['rm', probe]);
    return new EventFollower(cli);
  }

  /** Resolves when this many of these events of the box have been seen since the follower began. */
  async seen(box: string, action: string, times = 1): Promise<string> {
    const one = `<${action} ${box} [^>]*>`;
    const [text] = await this.#cli.output(new RegExp(`(?:${one}[\\s\\S]*?){${times}}`));
    return stripVTControlCharacters(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cli.child.kill('SIGKILL');
    await this.#cli.result;
  }
}

/** The box's events in order; an action that carries a command is shown without it. */
export async function actionsOf(home: TestHome, box: string): Promise<string[]> {
  const args = ['events', '--since', '10m', '--until', '0s', '--filter', `container=${box}`];
  const text = await home.ok([...args, '--format', '{{.Action}}']);
  return text.split('\n').map((line) => line.split(':')[0] ?? '');
}
