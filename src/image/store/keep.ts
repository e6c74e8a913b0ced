/**
 * Receives the blobs and layers (by digest and diffID) that an operation is about to use, before it
 * looks for them in the store, so that nobody deletes them until the image is recorded.
 */
export type Keep = (digests: readonly string[]) => void;

export const keepNothing: Keep = () => undefined;
