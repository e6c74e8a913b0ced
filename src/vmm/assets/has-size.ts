import { stat } from 'node:fs/promises';

/** True if the file exists with this size. */
export async function hasSize(path: string, bytes: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile() && found.size === bytes,
    () => false,
  );
}
