/**
 * Docker's options before the verb that BoxLite does not need but copied command lines contain. Each is
 * honoured as far as it means something here; otherwise the error says why it can't be.
 */
import { BoxliteError } from '../../errors.js';
import { oneOf } from '../flags/number.js';
import { flag, TRUE_WORDS, value } from './command.js';

const NO_DAEMON = 'there is no daemon to connect to: boxes are of this machine';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

const refuse = (): never => {
  throw new BoxliteError('unsupported', NO_DAEMON);
};
/** Turning these off is allowed, since they are off here anyway. */
const refuseTrue = (text: string): false => (TRUE_WORDS.has(text) ? refuse() : false);

const tls = (): ReturnType<typeof flag> => ({
  ...flag(NO_DAEMON, { hidden: true }),
  parse: refuseTrue,
});
const file = () => value(NO_DAEMON, 'FILE', { hidden: true, parse: refuse });

export const DOCKER_GLOBALS = {
  'log-level': value('What stderr shows', 'LEVEL', {
    short: 'l',
    hidden: true,
    parse: oneOf(LOG_LEVELS),
    complete: LOG_LEVELS,
    emptyIsNone: true,
  }),
  context: value('The only one is default', 'NAME', {
    short: 'c',
    hidden: true,
    emptyIsNone: true,
    parse: (name: string) => (name === 'default' ? name : refuse()),
  }),
  host: value(NO_DAEMON, 'ADDRESS', { short: 'H', hidden: true, emptyIsNone: true, parse: refuse }),
  tls: tls(),
  tlsverify: tls(),
  tlscacert: file(),
  tlscert: file(),
  tlskey: file(),
} as const;
