import { COMMANDS } from '../commands/index.js';
import { VERSION } from '../help/version.js';
import { commandPage } from './command-page.js';
import { conceptsPage } from './concepts-page.js';
import { configPage } from './config-page.js';
import { overviewPage } from './overview-page.js';
import { renderPage } from './roff.js';

/**
 * Returns all manual pages by file name: `boxlite-run.1`.
 * @param date of the release, as in 2026-11-30; with the build date, every build would differ
 */
export async function manualPages(date: string): Promise<Map<string, string>> {
  const definitions = await Promise.all(
    COMMANDS.filter(({ hidden }) => hidden !== true).map(({ load }) => load()),
  );
  const pages = [overviewPage(), configPage(), conceptsPage(), ...definitions.map(commandPage)];
  return new Map(
    pages.map((page) => [`${page.name}.${page.volume}`, renderPage(page, VERSION, date)]),
  );
}
