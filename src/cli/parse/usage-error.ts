import { BoxliteError } from '../../errors.js';

/** A command line that does not parse. The hint points at the help of the command it was meant for. */
export function usageError(message: string, commandName: string, alsoHint = ''): BoxliteError {
  const help = commandName === '' ? 'boxlite --help' : `boxlite ${commandName} --help`;
  return new BoxliteError('invalid-argument', message, { hint: `${alsoHint}See '${help}'.` });
}
