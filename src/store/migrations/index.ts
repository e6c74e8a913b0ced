import { sql as boxesImagesLocks } from './001-boxes-images-locks.js';

/** Migration n (counted from 1) leads from schema n − 1 to n. Published ones never change. */
export const MIGRATIONS: readonly string[] = [boxesImagesLocks];
