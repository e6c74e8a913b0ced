/** The version in package.json, from which `node src/build/generate.mjs` writes this. */
export const VERSION = '0.1.0';
