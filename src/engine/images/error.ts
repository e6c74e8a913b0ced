import { BoxliteError } from '../../errors.js';

export function noSuchImage(reference: string): BoxliteError {
  return new BoxliteError('image-not-found', `No such image: ${reference}`, {
    hint: 'check the name, or get the image',
    remedy: { action: 'pull', image: reference },
  });
}

/** @param has what the store has under that name */
export function noImageFor(reference: string, has: string, wanted: string): BoxliteError {
  return new BoxliteError(
    'image-not-found',
    `No such image: ${reference} for ${wanted}; the one here is for ${has}`,
    { hint: 'get the other with --pull missing, or leave out --platform' },
  );
}
