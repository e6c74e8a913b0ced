/** What a caller may ask to have mounted in a box, besides file systems in memory. */

export type VolumeSpec = HostVolumeSpec | NamedVolumeSpec | ImageVolumeSpec;

/** A directory or regular file of the host, mounted in the box. */
export interface HostVolumeSpec extends MountPlace {
  /** Absolute; links in it are resolved once, when the box is created. */
  hostPath: string;
  /**
   * Create a directory at `hostPath` if nothing exists there, as `-v` does; default false: a missing path is
   * an error.
   */
  createHostPath?: boolean;
}

/** A volume of the home, mounted in the box; it is created with the box if it does not exist. */
export interface NamedVolumeSpec extends MountPlace {
  /** Default: an anonymous volume, which only this box has, and which `remove` with `volumes` removes. */
  name?: string;
  /** Do not fill an empty volume with what the image has at `guestPath`; default false. */
  noCopy?: boolean;
  /** Directory or file in the volume to mount in place of all of it; it must exist at the start. */
  subpath?: string;
  /** Labels of the volume, if it is created now. */
  labels?: Record<string, string>;
  /** `type` and `size`, as `VolumeOptions.options`, if it is created now. */
  options?: Record<string, string>;
}

/** The file system of an image, mounted read-only; the image is pulled as the box's own is. */
export interface ImageVolumeSpec {
  /** Name or id. */
  image: string;
  /** Absolute; created in the box if missing. */
  guestPath: string;
  /** Directory or file in the image to mount in place of all of it; it must exist at the start. */
  subpath?: string;
}

interface MountPlace {
  /** Absolute; created in the box if missing. */
  guestPath: string;
  /** Enforced for the box as a whole, root included; default false. */
  readOnly?: boolean;
  /**
   * The box's inotify notices what the host changes in it, as it does what the box changes; default false.
   * A directory or file of the host, or a volume of type shared.
   */
  watch?: boolean;
  /** `inspect` shows it under `HostConfig.Mounts`, as Docker does for `--mount`; default false. */
  asMount?: boolean;
}

export const isHostVolume = (spec: VolumeSpec): spec is HostVolumeSpec => 'hostPath' in spec;
export const isImageVolume = (spec: VolumeSpec): spec is ImageVolumeSpec => 'image' in spec;
