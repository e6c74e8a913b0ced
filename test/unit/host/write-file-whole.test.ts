import { expect, test } from 'vitest';
import { writeFileWhole } from '../../../src/host/write-file-whole.js';

test('where nothing can be written, the file itself is named', async () => {
  const path = `${import.meta.filename}/facts.json`;
  await expect(writeFileWhole(path, 'x')).rejects.toMatchObject({
    name: 'BoxliteError',
    message: expect.stringContaining(`write ${path}`) as string,
  });
});
