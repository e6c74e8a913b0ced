/** Runs one command in a new box: node examples/run-command.mjs [IMAGE] */
import { BoxliteRuntime } from 'boxlite';

const [image = 'busybox'] = process.argv.slice(2);

const runtime = new BoxliteRuntime();
const box = await runtime.create({ rootfs: { image } });
try {
  // The box starts with its first command.
  const { stdout, exitCode } = await box.run('uname', ['-s', '-m']);
  console.log(`exit code ${exitCode}: ${stdout.trim()}`);
} finally {
  await runtime.remove(box.id, { force: true });
  runtime.close();
}
