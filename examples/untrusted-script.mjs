/** Runs a script that nobody has reviewed, within limits: node examples/untrusted-script.mjs [IMAGE] */
import { BoxliteRuntime } from 'boxlite';

const [image = 'busybox'] = process.argv.slice(2);
const script = 'echo "user $(id -u)"; while :; do :; done';

const runtime = new BoxliteRuntime();
const box = await runtime.create({
  rootfs: { image },
  memoryMib: 256,
  cpus: 1,
  pidsLimit: 64,
  network: 'none',
  security: 'maximum',
});
try {
  const result = await box.run('sh', ['-c', script], {
    user: '1000',
    timeout: { seconds: 3 },
    maxBuffer: 1_000_000,
  });
  console.log(result.stdout.trim());
  console.log(result.timedOut ? 'ended by its time-out' : `ended with ${result.exitCode}`);
} finally {
  await runtime.remove(box.id, { force: true });
  runtime.close();
}
