/** What a release takes from CHANGELOG.md, which keeps to https://keepachangelog.com/en/1.1.0/. */

/**
 * Puts the lines under Unreleased under `version`. A section of that version which is there already is
 * taken as it is, if nothing is unreleased besides.
 *
 * @param {string} changelog
 * @param {string} version
 * @param {string} date as in 2026-11-30
 * @returns the changed changelog, and the section's text without its heading
 */
export function releaseSection(changelog, version, date) {
  const unreleased = findSection(changelog, 'Unreleased');
  const released = findSection(changelog, version);
  if (released !== undefined) {
    if (unreleased?.text)
      throw new Error(`CHANGELOG.md has a section for ${version} already, and unreleased changes`);
    return { changelog, notes: released.text };
  }
  if (!unreleased?.text) throw new Error('CHANGELOG.md has nothing under ## [Unreleased]');
  const { from, to, text } = unreleased;
  const sections = `## [Unreleased]\n\n## [${version}] - ${date}\n\n${text}\n`;
  const after = changelog.slice(to);
  return {
    changelog: `${changelog.slice(0, from)}${sections}${after && `\n${after}`}`,
    notes: text,
  };
}

/**
 * @param {string} changelog
 * @returns the date of the newest release, as in 2026-11-30
 */
export function newestDate(changelog) {
  const date = /^## \[[^\]]+\] - (\d{4}-\d{2}-\d{2})$/m.exec(changelog)?.[1];
  if (date === undefined) throw new Error('CHANGELOG.md has no section with a date');
  return date;
}

/**
 * @param {string} changelog
 * @param {string} name
 * @returns where the section stands, and its text without heading and outer blank lines
 */
function findSection(changelog, name) {
  const headings = [...changelog.matchAll(/^## \[([^\]]+)\].*$/gm)];
  const at = headings.findIndex(([, found]) => found === name);
  const heading = headings[at];
  if (heading === undefined) return undefined;
  const to = headings[at + 1]?.index ?? changelog.length;
  const text = changelog.slice(heading.index + heading[0].length, to).trim();
  return { from: heading.index, to, text };
}
