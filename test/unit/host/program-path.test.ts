import { expect, test } from 'vitest';
import { programDirectories } from '../../../src/host/program-path.js';

test.each([
  [undefined, ['/usr/local/bin', '/usr/bin', '/bin']],
  ['', []],
  ['/opt/bin', ['/opt/bin']],
  [':/a::b:', ['/a', 'b']],
])('with PATH %j programs are looked for in %j', (path, directories) => {
  // An argument of undefined would have the process's own PATH taken.
  const before = process.env.PATH;
  if (path === undefined) delete process.env.PATH;
  else process.env.PATH = path;
  try {
    expect(programDirectories()).toEqual(directories);
  } finally {
    process.env.PATH = before;
  }
});
