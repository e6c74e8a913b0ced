import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../../host/native-programs.js';

/** Of the package that this code came with. */
export const VERSION: string = (
  createRequire(import.meta.url)(join(projectRoot(), 'package.json')) as { version: string }
).version;
