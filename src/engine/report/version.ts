import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../host/native-programs.js';

/** The version of the package with this code. */
export const VERSION: string = (
  createRequire(import.meta.url)(join(projectRoot(), 'package.json')) as { version: string }
).version;
