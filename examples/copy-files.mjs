/** Copies a file into a box and the result out: node examples/copy-files.mjs [IMAGE] */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoxliteRuntime } from 'boxlite';

const [image = 'busybox'] = process.argv.slice(2);

const directory = await mkdtemp(join(tmpdir(), 'boxlite-example-'));
const runtime = new BoxliteRuntime();
const box = await runtime.create({ rootfs: { image } });
try {
  await writeFile(join(directory, 'words'), 'pear\napple\n');
  await box.copyInto(join(directory, 'words'), '/tmp/words');
  await box.run('sort', ['-o', '/tmp/sorted', '/tmp/words']);
  await box.copyOut('/tmp/sorted', join(directory, 'sorted'));
  console.log(await readFile(join(directory, 'sorted'), 'utf8'));
} finally {
  await runtime.remove(box.id, { force: true });
  runtime.close();
  await rm(directory, { recursive: true });
}
