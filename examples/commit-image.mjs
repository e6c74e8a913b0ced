/** Makes an image of a box, and gives up after a minute: node examples/commit-image.mjs [IMAGE] */
import { BoxliteError, BoxliteRuntime } from 'boxlite';

const [image = 'busybox'] = process.argv.slice(2);
const signal = AbortSignal.timeout(60_000);

const runtime = new BoxliteRuntime();
const box = await runtime.create({ rootfs: { image } });
try {
  await box.run('sh', ['-c', 'echo hello > /greeting'], { signal });
  const reference = 'localhost/greeting:latest';
  await runtime.commit(box.id, { reference, changes: ['CMD ["cat", "/greeting"]'], signal });
  console.log(`made ${reference}`);
} catch (error) {
  if (!(error instanceof BoxliteError && error.code === 'cancelled')) throw error;
  console.error('this took longer than a minute');
  process.exitCode = 1;
} finally {
  await runtime.remove(box.id, { force: true });
  runtime.close();
}
