import { BoxliteError } from '../../errors.js';

/** Errors after which the next registry of the search list is asked. */
const NEXT_REGISTRY = [
  'image-not-found',
  'registry-unreachable',
  'registry-auth',
  'registry-protocol',
];

export function isForNextRegistry(error: unknown): error is BoxliteError {
  return error instanceof BoxliteError && NEXT_REGISTRY.includes(error.code);
}

/**
 * The error when no registry of a search list had the image.
 * @param text the image, as the user wrote it
 * @param failures one per registry, at least one
 */
export function everyRegistryFailed(text: string, failures: readonly BoxliteError[]): BoxliteError {
  const [first, ...others] = failures;
  if (first === undefined) throw new Error('an image comes from at least one registry');
  if (others.length === 0) return first;
  const code = failures.every((failure) => failure.code === first.code)
    ? first.code
    : (failures.find((failure) => failure.code !== 'image-not-found') ?? first).code;
  const lines = failures.map((failure) => `\n  ${failure.message}`).join('');
  return new BoxliteError(code, `no registry of the search list gave ${text}:${lines}`, {
    cause: new AggregateError(failures),
    hint: 'write the registry in front of the name, or check the search list',
  });
}
