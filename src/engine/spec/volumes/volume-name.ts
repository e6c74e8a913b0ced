import { BoxliteError } from '../../../errors.js';

/** Docker's label of a volume that nobody has named. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

/** The name is also a directory's. */
const NAME_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const LONGEST_NAME = 255;

/** @throws invalid-argument, in Docker's words */
export function checkVolumeName(name: string): string {
  const reason = faultOf(name);
  if (reason === undefined) return name;
  throw new BoxliteError('invalid-argument', `create ${name}: ${reason}`, {
    hint: 'letters, digits, _ . and -, at least two of them, the first a letter or a digit',
  });
}

function faultOf(name: string): string | undefined {
  if (name.length === 1)
    return 'volume name is too short, names should be at least two alphanumeric characters';
  if (name.length > LONGEST_NAME)
    return `volume name is too long, names have at most ${LONGEST_NAME} characters`;
  if (NAME_PATTERN.test(name)) return undefined;
  return (
    `"${name}" includes invalid characters for a local volume name, only ` +
    '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
  );
}
