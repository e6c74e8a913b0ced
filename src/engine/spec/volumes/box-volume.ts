/** What is mounted in a box, as it is stored. */

/** One without a type is of the host: the only kind of older boxes. */
export type BoxVolume = HostMount | VolumeMount | ImageMount;

export interface HostMount {
  /** As the caller wrote it, for display. */
  source: string;
  /** The same with links resolved when the box was created. */
  path: string;
  target: string;
  readOnly: boolean;
  /** What the host changes in it is noticed. */
  watch?: true;
  /** Only until the box is created: create a missing directory. */
  create?: boolean;
  /** How the caller asked for it; missing: by a path of the host, as `-v` does. */
  given?: 'mount' | 'box';
}

export interface VolumeMount {
  type: 'volume';
  /** Empty only until the box is created, for one that the caller did not name. */
  name: string;
  target: string;
  readOnly: boolean;
  /** What the host changes in it is noticed. */
  watch?: true;
  noCopy: boolean;
  subpath?: string;
  labels?: Record<string, string>;
  options?: Record<string, string>;
  /** The caller has not named it: it goes with the box by `remove` with `volumes`. */
  unnamed?: true;
  /** How the caller asked for it; missing: by its name, as `-v` does. */
  given?: 'mount' | 'path' | 'image' | 'box';
}

/** The file system of an image, without what any box has changed. */
export interface ImageMount extends MountedImage {
  type: 'image';
  /** As the caller wrote it. */
  image: string;
  target: string;
  readOnly: true;
  subpath?: string;
  watch?: undefined;
  /** How the caller asked for it. */
  given: 'mount' | 'box';
}

/** All of it is empty only until the box is created. */
export interface MountedImage {
  manifestDigest: string;
  imageId: string;
  /** DiffIDs of its layers, lowest first. */
  diffIds: string[];
}

export const isVolumeMount = (mount: BoxVolume): mount is VolumeMount =>
  'type' in mount && mount.type === 'volume';

export const isImageMount = (mount: BoxVolume): mount is ImageMount =>
  'type' in mount && mount.type === 'image';

/** Each image once, in the order of their mounts: one that is mounted at several places is one disk. */
export function mountedImages(mounts: readonly BoxVolume[]): ImageMount[] {
  const byDigest = new Map(
    mounts.filter(isImageMount).map((mount) => [mount.manifestDigest, mount]),
  );
  return [...byDigest.values()];
}

/** `-v PATH`: like a volume of the image, it gives way to whatever else is mounted there (Docker's rule). */
export const isWeak = (mount: BoxVolume): boolean => mount.given === 'path';
