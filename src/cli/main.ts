/** Where the process begins and ends: the only place that prints errors, picks statuses and exits. */
import { VERSION } from './version.js';

await main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  // Scripts ask for it often, so it must cost no more than starting Node.
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
    process.stdout.write(`boxlite version ${VERSION}\n`);
    return;
  }
  handleClosedOutput();
  process.on('uncaughtException', (error) => void end(argv, error, undefined));

  let failureStatus: number | undefined;
  try {
    const [{ runProgram }, { createWorld }] = await Promise.all([
      import('./program.js'),
      import('./world.js'),
    ]);
    const status = await runProgram(argv, createWorld(), (each) => {
      failureStatus = each;
    });
    await exit(status);
  } catch (error) {
    await end(argv, error, failureStatus);
  }
}

async function end(
  argv: readonly string[],
  error: unknown,
  failureStatus: number | undefined,
): Promise<void> {
  const { describeError } = await import('./report-error.js');
  const { exitStatusOf } = await import('./exit-status.js');
  const debug = (process.env.BOXLITE_DEBUG ?? '') !== '' || argv.includes('--debug');
  process.stderr.write(describeError(error, debug));
  await exit(exitStatusOf(error, failureStatus));
}

/** Waits for what is on its way into a pipe: `process.exit` would drop it. */
async function exit(status: number): Promise<void> {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  process.exit(status);
}

async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return;
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/** `boxlite ps | head -1`: the reader has what it wanted, so end as SIGPIPE would have ended us. */
function handleClosedOutput(): void {
  const sigpipeStatus = 128 + 13;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // While a box's output passes through, the one who pumps it also has to let go of the box.
    if (process.stdout.listenerCount('error') > 1) return;
    if (error.code === 'EPIPE') process.exit(sigpipeStatus);
    process.stderr.write(`boxlite: can't write to stdout: ${error.message}\n`);
    process.exit(1);
  });
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined);
}
