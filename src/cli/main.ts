/** Where the process begins and ends: the only place that prints errors, picks statuses and exits. */
import { StandardStreams } from './standard-streams.js';
import { VERSION } from './version.js';

/** More than a signal to oneself takes; it does not come where it is ignored. */
const TO_ARRIVE_MS = 100;

let debug = (process.env.BOXLITE_DEBUG ?? '') !== '';

const streams = new StandardStreams(endOnStreamError);
void main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  // Scripts ask for it often, so it must cost no more than starting Node.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
    process.stdout.write(`boxlite version ${VERSION}\n`);
    return;
  }
  if (argv[0] === '__complete') {
    const { answer } = await import('./completion/answer.js');
    streams.stdout.write(await answer(argv.slice(1), process.env));
    return;
  }
  process.on('uncaughtException', (error) => void end(error, undefined));

  let failureStatus: number | undefined;
  try {
    const [{ runProgram }, { createWorld }] = await Promise.all([
      import('./program.js'),
      import('./world.js'),
    ]);
    const world = createWorld(streams, () => {
      debug = true;
    });
    const status = await runProgram(argv, world, (each) => {
      failureStatus = each;
    });
    await exit(status);
  } catch (error) {
    await end(error, failureStatus);
  }
}

async function end(error: unknown, failureStatus: number | undefined): Promise<void> {
  const { describeError } = await import('./report-error.js');
  const { exitStatusOf } = await import('./exit-status.js');
  const { Interrupted } = await import('./interrupted.js');
  streams.stderr.write(describeError(error, debug));
  if (error instanceof Interrupted) await endBySignal(error.signal);
  await exit(exitStatusOf(error, failureStatus));
}

/**
 * A shell whose child says 130 by itself takes it to have dealt with Ctrl-C: it goes on with its loop, and
 * does not move its prompt to a line of its own. So what a signal ended ends by that signal, as it
 * would have without tidying up. Not by QUIT, which would leave a core behind.
 */
async function endBySignal(signal: NodeJS.Signals): Promise<void> {
  if (signal === 'SIGQUIT') return;
  await streams.flush();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  await new Promise((resolve) => setTimeout(resolve, TO_ARRIVE_MS));
}

async function exit(status: number): Promise<void> {
  await streams.flush();
  process.exit(status);
}

/** `boxlite ps | head -1`: the reader has what it wanted, so end as SIGPIPE would have ended us. */
function endOnStreamError(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
  // Of stderr nobody is left to be told.
  if (stream === process.stderr) return;
  // While a box's output passes through, the one who pumps it also has to let go of the box.
  if (stream.listenerCount('error') > 1) return;
  const sigpipeStatus = 128 + 13;
  if (error.code === 'EPIPE') process.exit(sigpipeStatus);
  streams.stderr.write(`boxlite: can't write to stdout: ${error.message}\n`);
  process.exit(1);
}
