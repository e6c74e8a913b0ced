/** The package's version; a test holds the two together, so that `--version` need not read a file. */
export const VERSION = '0.1.0';
