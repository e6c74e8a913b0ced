/** Waits until a service is healthy, by its events: node examples/healthy-service.mjs [IMAGE] */
import { BoxliteRuntime } from 'boxlite';

const [image = 'busybox'] = process.argv.slice(2);

const runtime = new BoxliteRuntime();
const since = new Date();
const box = await runtime.create({
  rootfs: { image },
  command: ['sh', '-c', 'sleep 1; touch /tmp/ready; exec sleep 600'],
  healthcheck: { test: ['CMD-SHELL', 'test -e /tmp/ready'], intervalMs: 500 },
});
try {
  await box.start();
  const signal = AbortSignal.timeout(120_000);
  for await (const { actor, action } of runtime.events({ since, signal })) {
    if (actor !== box.id) continue;
    console.log(action);
    if (action === 'health_status: healthy') break;
  }
} finally {
  await runtime.remove(box.id, { force: true });
  runtime.close();
}
