import { COMMANDS } from '../commands/index.js';
import { VERSION } from '../help/version.js';
import { commandPage } from './command-page.js';
import { conceptsPage } from './concepts-page.js';
import { configPage } from './config-page.js';
import { overviewPage } from './overview-page.js';
import { renderPage } from './roff.js';

/** When the wording changed last; a date of the build would make every build differ. */
const DATE = '2026-11-25';

/** All manual pages by file name: `boxlite-run.1`. */
export async function manualPages(): Promise<Map<string, string>> {
  const definitions = await Promise.all(
    COMMANDS.filter(({ hidden }) => hidden !== true).map(({ load }) => load()),
  );
  const pages = [overviewPage(), configPage(), conceptsPage(), ...definitions.map(commandPage)];
  return new Map(
    pages.map((page) => [`${page.name}.${page.volume}`, renderPage(page, VERSION, DATE)]),
  );
}
