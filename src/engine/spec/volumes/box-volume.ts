/** What is mounted in a box, as it is stored. */

/** One without a type is of the host: the only kind of older boxes. */
export type BoxVolume = HostMount | VolumeMount;

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

export const isVolumeMount = (mount: BoxVolume): mount is VolumeMount => 'type' in mount;

/** `-v PATH`: like a volume of the image, it gives way to whatever else is mounted there (Docker's rule). */
export const isWeak = (mount: BoxVolume): boolean => mount.given === 'path';
