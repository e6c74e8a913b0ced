/** A string in double quotes with Go's escapes, as Docker shows commands: `"sh -c \"a\\tb\""`. */
export function quote(text: string): string {
  return `"${Array.from(text, escapeCharacter).join('')}"`;
}

/** The value of a string or character literal from the text between its quotes; undefined if malformed. */
export function unquote(body: string): string | undefined {
  const faults: string[] = [];
  const value = body.replace(ESCAPE, (escape: string, kind: string) => {
    const named = NAMED[kind];
    if (named !== undefined) return named;
    const code = CODES.exec(escape);
    const number = code ? parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 8 : 16) : NaN;
    if (number <= 0x10ffff) return String.fromCodePoint(number);
    faults.push(escape);
    return '';
  });
  return faults.length === 0 ? value : undefined;
}

const NAMED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const ESCAPE = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[^]|$)/gu;
const CODES = /^\\(?:[xuU]([0-9a-fA-F]{2,8})|([0-7]{3}))$/;

const ESCAPED = new Map(
  Object.entries(NAMED)
    .filter(([, character]) => character !== "'")
    .map(([letter, character]) => [character, `\\${letter}`]),
);

function escapeCharacter(character: string): string {
  const escaped = ESCAPED.get(character);
  if (escaped !== undefined) return escaped;
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)) return character;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
