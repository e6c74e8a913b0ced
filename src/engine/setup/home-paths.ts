import { Home } from '../../host/home.js';

/** The default directory of all data. */
export function defaultHome(): string {
  return Home.defaultRoot();
}

/** The configuration file of a home. */
export function configPath(home: string): string {
  return new Home(home).config();
}
