import { BoxliteError } from '../../errors.js';

/** An error in the command line. The hint names the help of the intended command. */
export function usageError(message: string, commandName: string, alsoHint = ''): BoxliteError {
  const help = commandName === '' ? 'boxlite --help' : `boxlite ${commandName} --help`;
  return new BoxliteError('invalid-argument', message, { hint: `${alsoHint}See '${help}'.` });
}
