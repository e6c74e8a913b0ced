import { expect, test } from 'vitest';
import { BoxliteError } from '../../../src/errors.js';
import { candidates, canonicalName, parseReference } from '../../../src/image/oci/reference.js';

/** The grammar of github.com/distribution/reference (its package documentation), rule by rule. */
const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const path = `${component}(?:/${component})*`;
const tail =
  '(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?';
const WITH_DOMAIN = new RegExp(`^${domain}/(${path})${tail}$`);
const WITHOUT = new RegExp(`^(${path})${tail}$`);

/** What the first part of a name makes a registry, as Docker decides it before it parses. */
function looksLikeRegistry(text: string): boolean {
  const [first = '', ...rest] = text.split('/');
  if (rest.length === 0) return false;
  return first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
}

function isReference(text: string): boolean {
  if (/^[0-9a-f]{64}$/.test(text)) return false;
  const match = (looksLikeRegistry(text) ? WITH_DOMAIN : WITHOUT).exec(text);
  if (match === null) return false;
  const [, name = ''] = match;
  const hub = !looksLikeRegistry(text) || /^(?:index\.)?docker\.io\//.test(text);
  return (hub && !name.includes('/') ? `library/${name}` : name).length <= 255;
}

const PIECES = [
  ...['a', 'b9', 'A', '0', 'é', ' ', '.', '..', '_', '__', '___', '-', '--', '/', '/', '/', ':'],
  ...[
    '@',
    'localhost',
    'docker.io',
    'index.docker.io',
    'library',
    'host.io',
    'host:5000',
    'h.i:80',
  ],
  ...['[::1]', '[::1]:80', 'x-y.z', '127.0.0.1', 'xn--e1a', ':tag', ':v1.0-x_Y', ':-x'],
  ...[`sha256:${'a'.repeat(64)}`, `@sha256:${'c'.repeat(64)}`, `@sha512:${'b'.repeat(128)}`],
  ...['a'.repeat(64), 'x'.repeat(128), 'y'.repeat(255)],
];

/** The same texts each time: a generator of Park and Miller, seeded. */
function* texts(count: number): Generator<string> {
  let state = 1;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let made = 0; made < count; made++)
    yield Array.from({ length: 1 + next(6) }, () => PIECES[next(PIECES.length)] ?? '').join('');
}

/** What is wrong with how a text is judged; undefined = nothing. */
function fault(text: string): string | undefined {
  const right = isReference(text);
  try {
    const [reference] = candidates(parseReference(text));
    if (reference === undefined) return 'one registry, one candidate';
    // Its full name means the same.
    const full = canonicalName(reference);
    const again = candidates(parseReference(full)).map(canonicalName);
    if (again.length !== 1 || again[0] !== full) return `${full} means ${again.join()}`;
    return right ? undefined : 'was accepted';
  } catch (error) {
    if (!(error instanceof BoxliteError)) throw error;
    const [, character] = /\(character ([0-9]+)\)/.exec(error.message) ?? [];
    const place = Number(character);
    if (!(place >= 1 && place <= text.length + 1)) return `points nowhere: ${error.message}`;
    return right ? `was refused: ${error.message}` : undefined;
  }
}

test('what is accepted is what Docker’s grammar has, and the rest is pointed at', () => {
  const all = [...texts(20_000)];
  expect(all.map((text) => [text, fault(text)]).filter(([, wrong]) => wrong)).toEqual([]);
  // The texts are neither all well-formed nor all nonsense.
  const accepted = all.filter(isReference).length;
  expect(accepted).toBeGreaterThan(1000);
  expect(accepted).toBeLessThan(15_000);
});
