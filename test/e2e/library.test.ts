import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConsumerProject } from '../helpers/consumer-project.js';
import { TestHome } from '../helpers/test-home.js';

const home = new TestHome();
beforeAll(() => home.create());
afterAll(() => home.remove());

describe('a project that has installed the package', () => {
  test('compiles against its types, strictly, and runs the complete example', async () => {
    await using project = await ConsumerProject.create(['types.ts', 'example.ts']);
    const compiled = await project.compile();
    expect({ status: compiled.status, stdout: compiled.stdout.toString() }).toEqual({
      status: 0,
      stdout: '',
    });

    writeFileSync(join(project.directory, 'code.txt'), 'from the host\n');
    const { status, stdout, stderr } = await project.run('example.js', {
      env: {
        ...process.env,
        BOXLITE_HOME: home.path,
        BOXLITE_NATIVE: resolve('native/build'),
        IMAGE: 'busybox',
        CODE: project.directory,
      },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [created, code, ...lines] = stdout.toString().trimEnd().split('\n');
    expect(created).toMatch(/^created [0-9a-z]{26}$/);
    expect(code).toBe('from the host');
    expect(lines.pop()).toMatch(/^boot took [\d.]+ ms$/);
    expect(lines).toEqual([1, 2, 3].map((n) => `line ${n} of 2 CPUs`));
    expect(await home.ok(['ps', '-aq'])).toBe('');
  });

  test('finds the example in the README, word for word', () => {
    const example = readFileSync(join('test', 'library', 'example.ts'), 'utf8');
    expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\``);
  });
});
