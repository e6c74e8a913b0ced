import { GoScalar } from './go-struct.js';
import { type Directive, PrintfReader } from './printf-reader.js';
import { quote } from './quote.js';
import { formatValue, isNil, keyed, plain, typeName } from './values.js';

/**
 * Go's fmt.Sprintf for the verbs v s q d x X o b c t f e g, with flags, widths, precisions (also `*`) and
 * indexes. Like Go's, it never fails: its text reports what does not fit.
 */
export function printf(format: string, args: readonly unknown[]): string {
  const reader = new PrintfReader(format, args);
  let text = reader.text();
  while (!reader.isAtEnd) text += show(reader.directive()) + reader.text();
  const extra = reader.isReordered ? [] : reader.unused;
  if (extra.length === 0) return text;
  return `${text}%!(EXTRA ${extra.map((arg) => `${typeName(arg)}=${formatValue(arg)}`).join(', ')})`;
}

function show({ complaints, flags, width, digits, verb, argument }: Directive): string {
  if (verb === undefined) return `${complaints}%!(NOVERB)`;
  if (verb === '%') return `${complaints}%`;
  if (argument === 'bad-index') return `${complaints}%!${verb}(BADINDEX)`;
  if (argument === 'missing') return `${complaints}%!${verb}(MISSING)`;
  return complaints + pad(convert(verb, argument.value, flags, digits), flags, width);
}

/** The most digits that JavaScript's conversions accept. */
const MOST_DIGITS = 100;

function convert(verb: string, value: unknown, flags: string, digits: number | undefined): string {
  if (Array.isArray(value) && verb !== 'v')
    return `[${value.map((item) => convert(verb, item, flags, digits)).join(' ')}]`;
  const converted = convertScalar(verb, value, digits);
  if (converted === undefined) return badVerb(verb, value);
  const isPlain = flags.includes('+') && typeof value === 'number' && value >= 0;
  return isPlain ? `+${converted}` : converted;
}

/** @returns undefined when the verb does not apply to the value */
function convertScalar(verb: string, value: unknown, digits = -1): string | undefined {
  if (verb === 'v') return typeof value === 'string' ? cut(value, digits) : formatValue(value);
  if (isNil(value) || keyed(value) !== undefined) return undefined;
  const scalar = value instanceof GoScalar && verb === 's' ? value.text : plain(value);
  switch (typeof scalar) {
    case 'string':
      return convertString(verb, scalar, digits);
    case 'number':
      return convertNumber(verb, scalar, digits);
    case 'boolean':
      return verb === 't' ? String(scalar) : undefined;
    default:
      return verb === 's' ? formatValue(value) : undefined;
  }
}

function convertString(verb: string, value: string, digits: number): string | undefined {
  if (verb === 's') return cut(value, digits);
  if (verb === 'q') return quote(cut(value, digits));
  if (verb !== 'x' && verb !== 'X') return undefined;
  const hex = Buffer.from(value).toString('hex');
  return verb === 'x' ? hex : hex.toUpperCase();
}

function convertNumber(verb: string, value: number, digits: number): string | undefined {
  switch (verb) {
    case 'f':
    case 'F':
      return value.toFixed(digits < 0 ? 6 : Math.min(digits, MOST_DIGITS));
    case 'e':
      return value
        .toExponential(digits < 0 ? 6 : Math.min(digits, MOST_DIGITS))
        .replace(/e([+-])(\d)$/, 'e$10$2');
    case 'g':
      return String(
        digits < 0 ? value : Number(value.toPrecision(Math.min(Math.max(digits, 1), MOST_DIGITS))),
      );
    default:
      return Number.isInteger(value) ? convertInteger(verb, value) : undefined;
  }
}

function convertInteger(verb: string, value: number): string | undefined {
  switch (verb) {
    case 'd':
      return String(value);
    case 'x':
      return value.toString(16);
    case 'X':
      return value.toString(16).toUpperCase();
    case 'o':
      return value.toString(8);
    case 'b':
      return value.toString(2);
    case 'c':
      return String.fromCodePoint(value >= 0 && value <= 0x10ffff ? value : 0xfffd);
    default:
      return undefined;
  }
}

function badVerb(verb: string, value: unknown): string {
  return isNil(value) ? `%!${verb}(<nil>)` : `%!${verb}(${typeName(value)}=${formatValue(value)})`;
}

const cut = (text: string, digits: number): string =>
  digits < 0 ? text : Array.from(text).slice(0, digits).join('');

function pad(text: string, flags: string, width: number): string {
  const missing = Math.max(width - Array.from(text).length, 0);
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const isZeroPadded = flags.includes('0') && /^[+-]?[\da-fA-F.]+$/.test(text);
  if (!isZeroPadded) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}
