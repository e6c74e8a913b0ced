import type { InputStream } from '../context.js';

/**
 * Keys go to the box one by one, Ctrl-C included, until the result is disposed of. The terminal is
 * put back on every way out of the process, a crash too: a shell without echo helps nobody.
 */
export function enterRawMode(stdin: InputStream): Disposable | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) return undefined;
  const setRawMode = stdin.setRawMode.bind(stdin);
  const restore = (): void => void setRawMode(false);
  setRawMode(true);
  process.on('exit', restore);
  return {
    [Symbol.dispose]: () => {
      process.off('exit', restore);
      restore();
    },
  };
}
