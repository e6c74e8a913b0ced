import type { Home } from '../../host/home.js';
import type { Database } from '../../store/database.js';

/** What the operations on images share. */
export interface ImageStore {
  home: Home;
  database: () => Database;
  /** The search list. */
  registries: readonly string[];
}
