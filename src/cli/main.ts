/** Starts and ends the process: only this module prints errors, chooses statuses and exits. */
import type { Writable } from 'node:stream';
import { VERSION } from './help/version.js';
import { StandardStreams } from './process/standard-streams.js';

/** Longer than a signal to oneself takes; an ignored signal never arrives. */
const TO_ARRIVE_MS = 100;

let debug = (process.env.BOXLITE_DEBUG ?? '') !== '';

const argv = process.argv.slice(2);
const streams = new StandardStreams(endOnStreamError);
/** The exit status when BoxLite fails; known once the verb is. */
let failureStatus: number | undefined;
/** A failed write ends the process, whatever else it is doing. */
let unwritten: Promise<never> | undefined;
void main();

async function main(): Promise<void> {
  // Scripts often ask for the version, so it must cost no more than starting Node.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
    streams.stdout.write(`boxlite version ${VERSION}\n`);
    return;
  }
  if (argv[0] === '__complete') {
    const { answer } = await import('./completion/answer.js');
    streams.stdout.write(await answer(argv.slice(1), process.env));
    return;
  }
  process.on('uncaughtException', (error) => void end(error));

  try {
    const [{ runProgram }, { createWorld }] = await Promise.all([
      import('./program.js'),
      import('./process/world.js'),
    ]);
    const world = createWorld(streams, () => {
      debug = true;
    });
    const status = await runProgram(argv, world, (each) => {
      failureStatus = each;
    });
    await streams.flush();
    await unwritten;
    process.exit(status);
  } catch (error) {
    await end(error);
  }
}

async function end(error: unknown): Promise<never> {
  const { describeError } = await import('./process/report-error.js');
  const { exitStatusOf } = await import('./process/exit-status.js');
  const { Interrupted } = await import('./process/interrupted.js');
  streams.stderr.write(describeError(error, debug));
  if (error instanceof Interrupted) await endBySignal(error.signal);
  await streams.flush();
  return process.exit(exitStatusOf(error, failureStatus));
}

/**
 * A shell assumes that a child which exits with 130 has handled Ctrl-C: the shell continues its loop, and
 * does not move its prompt to a new line. So if a signal ended the work, the process also ends by that
 * signal, as it would have without cleanup. The exceptions are QUIT, which would leave a core dump, and PIPE,
 * which Node ignores.
 */
async function endBySignal(signal: NodeJS.Signals): Promise<void> {
  if (signal === 'SIGQUIT' || signal === 'SIGPIPE') return;
  await streams.flush();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  await new Promise((resolve) => setTimeout(resolve, TO_ARRIVE_MS));
}

function endOnStreamError(name: 'stdout' | 'stderr', stream: Writable, error: Error): void {
  // Nobody could read a report of an error on stderr.
  if (name === 'stderr') return;
  // The code that waits for this write also listens, and may have a box to detach from.
  if (stream.listenerCount('error') > 1) return;
  unwritten ??= import('./process/write-error.js').then(({ writeError }) =>
    end(writeError(stream, error)),
  );
}
