import { sql as boxesImagesLocks } from './001-boxes-images-locks.js';
import { sql as imageLeases } from './002-image-leases.js';
import { sql as events } from './003-events.js';
import { sql as countersHealth } from './004-counters-health.js';
import { sql as ports } from './005-ports.js';
import { sql as networks } from './006-networks.js';
import { sql as volumes } from './007-volumes.js';

/** Migration n (counted from 1) takes schema n − 1 to n. Published ones never change. */
export const MIGRATIONS: readonly string[] = [
  boxesImagesLocks,
  imageLeases,
  events,
  countersHealth,
  ports,
  networks,
  volumes,
];
