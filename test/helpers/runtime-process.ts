/**
 * A program that uses the built library, one of several at once on one home. It opens nothing before it reads
 * `go` on stdin, then uses its own box and a shared one for their whole lives, and prints one JSON line.
 *
 * runtime-process LIBRARY HOME NUMBER
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [library = '', homeDir = '', number = ''] = process.argv.slice(2);
const { BoxCommand, BoxliteError, BoxliteRuntime } = (await import(
  pathToFileURL(library).href
)) as typeof import('../../src/index.js');

const input = createInterface({ input: process.stdin });
console.log('ready');
await once(input, 'line');

const options = { rootfs: { image: 'busybox' }, memoryMib: 128, idle: true };
const runtime = new BoxliteRuntime({ homeDir, accelerator: 'tcg' });

/** The output about the shared box: its id, its creator, and that each process has written into it. */
async function share(): Promise<{ id: string; made: boolean; said: string }> {
  const [box, made] = await runtime.getOrCreate(options, 'shared');
  // Any of the processes may be the one that starts it.
  await box.start();
  return { id: box.id, made, said: await output(box, `echo ${number} >> /all; echo ${number}`) };
}

/** The whole life of a box that only this process uses. */
async function live(): Promise<string[]> {
  const name = `own-${number}`;
  const box = await runtime.create(options, name);
  const steps: string[] = [(await box.info()).status];
  await box.start();
  steps.push((await box.info()).status, await output(box, 'echo $((6 * 7))'));
  await box.stop({ timeoutSeconds: 0 });
  steps.push((await box.info()).status);
  await runtime.remove(name);
  steps.push(String(await runtime.exists(name)));
  return steps;
}

type Box = Awaited<ReturnType<typeof runtime.create>>;

async function output(box: Box, script: string): Promise<string> {
  const execution = await box.exec(new BoxCommand('sh').args(['-c', script]));
  const chunks: Buffer[] = [];
  for await (const chunk of execution.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  const { exitCode } = await execution.wait();
  return `${Buffer.concat(chunks).toString().trim()} ${exitCode}`;
}

try {
  console.log(JSON.stringify({ shared: await share(), own: await live() }));
} catch (error) {
  if (!(error instanceof BoxliteError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
runtime.close();
input.close();
