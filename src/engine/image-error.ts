import { BoxliteError } from '../errors.js';

export function noSuchImage(reference: string): BoxliteError {
  return new BoxliteError('image-not-found', `No such image: ${reference}`, {
    hint: '`boxlite images` lists those in the store, `boxlite pull` gets more',
  });
}
