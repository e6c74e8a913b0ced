/** Docker's `volume.Volume`. */
import { map, pointer, struct, text } from './go-type.js';

/** A volume as templates see it. */
export const VOLUME = struct({
  ClusterVolume: pointer,
  CreatedAt: text,
  Driver: text,
  Labels: map(),
  Mountpoint: text,
  Name: text,
  Options: map(),
  Scope: text,
  Status: map(),
  UsageData: pointer,
});
