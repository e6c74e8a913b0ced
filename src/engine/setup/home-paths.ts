import { Home } from '../../host/home.js';

/** Where everything is kept when nobody says otherwise. */
export function defaultHome(): string {
  return Home.defaultRoot();
}

/** The configuration file of a home. */
export function configPath(home: string): string {
  return new Home(home).config();
}
