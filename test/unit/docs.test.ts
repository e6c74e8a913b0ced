import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'src/README.md', 'native/README.md'],
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

test.each(PAGES)('the links of %s lead to files and headings that are there', (page) => {
  const links = [...linkTargets(readFileSync(page, 'utf8'))];
  expect(links.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

test.each(['security', 'past-vulnerabilities'])(
  'what docs/%s.md promises names a test that is there',
  (page) => {
    const rows = readFileSync(`docs/${page}.md`, 'utf8').matchAll(/^\|.*test\/.*\|$/gm);
    const named = [...rows].map(([row]) => {
      const [, file = '', title = ''] = /\| `(test\/[^`]+)`: "([^"]+)" +\|$/.exec(row) ?? [];
      return { row, file, title };
    });
    expect(named.length).toBeGreaterThan(20);
    expect(
      named.filter(({ file, title }) => {
        const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
        return !["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`));
      }),
    ).toEqual([]);
  },
);

test('the decisions are numbered without a gap and all in their index', () => {
  const index = readFileSync('docs/decisions/README.md', 'utf8').replace(/ +/g, ' ');
  const decisions = readdirSync('docs/decisions').filter((name) => name !== 'README.md');
  expect(decisions.sort().map((name) => Number(name.slice(0, 4)))).toEqual(
    decisions.map((_, i) => i + 1),
  );
  expect(decisions.filter((name) => !index.includes(`](${name}) | ${dateOf(name)} |`))).toEqual([]);
});

/** As the page states it below its title. */
function dateOf(decision: string): string | undefined {
  const text = readFileSync(join('docs/decisions', decision), 'utf8');
  return /^# .+\n\n(\d{4}-\d{2}-\d{2})\n/.exec(text)?.[1];
}

function* linkTargets(page: string): Generator<string> {
  const prose = page.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g))
    if (!/^https?:/.test(target)) yield target;
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  if (heading === undefined) return true;
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].some(([, text = '']) => anchor(text) === heading);
}

/** As GitHub makes one of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
