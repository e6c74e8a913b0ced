import { symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles a program of test/helpers into a file that Node runs.
 * @param packages whether npm packages are bundled, or found beside the file
 */
export async function bundleHelper(
  name: string,
  outfile: string,
  packages: 'bundle' | 'external' = 'bundle',
): Promise<void> {
  if (packages === 'external')
    await symlink(resolve('node_modules'), join(dirname(outfile), 'node_modules'));
  await build({
    entryPoints: [`test/helpers/${name}.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages,
  });
}
