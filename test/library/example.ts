import { BoxCommand, BoxliteRuntime, SecurityOptions } from 'boxlite';

await using runtime = new BoxliteRuntime();

// A virtual machine of its own for code that nobody has looked at.
const box = await runtime.create(
  {
    rootfs: { image: process.env.IMAGE ?? 'python:3.12-slim' },
    cpus: 2,
    memoryMib: 1024,
    volumes: [
      { hostPath: process.env.CODE ?? '/home/user/code', guestPath: '/app', readOnly: true },
    ],
    security: { ...SecurityOptions.standard(), network: 'none' },
  },
  'sandbox',
);
console.log(`created ${box.id}`);

// The box starts with its first command.
const execution = await box.exec(
  new BoxCommand('sh')
    .args(['-c', 'cat code.txt; for n in 1 2 3; do echo "line $n of $(nproc) CPUs"; done'])
    .timeout({ seconds: 30 })
    .workingDir('/app'),
);
for await (const line of execution.stdout.lines()) console.log(line);

const result = await execution.wait();
if (!result.success())
  console.error(result.timedOut ? 'it took too long' : `it failed with ${result.exitCode}`);

const { guestBootDurationMs } = await box.metrics();
if (guestBootDurationMs !== undefined) console.log('boot took', guestBootDurationMs, 'ms');

await box.stop();
await runtime.remove(box.id);
