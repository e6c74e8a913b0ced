/** Docker's `image.InspectResponse` and its parts. */
import { DRIVER_DATA } from './container.js';
import { flag, list, map, nothing, number, pointer, struct, text } from './go-type.js';
import { HEALTHCHECK } from './health.js';
import { time } from './time.js';

const CONFIG = struct({
  User: text,
  ExposedPorts: map(nothing),
  Env: list(),
  Entrypoint: list(),
  Cmd: list(),
  Volumes: map(nothing),
  WorkingDir: text,
  Labels: map(),
  StopSignal: text,
  ArgsEscaped: flag,
  Healthcheck: HEALTHCHECK,
  OnBuild: list(),
  Shell: list(),
});

/** An image as templates see it. */
export const IMAGE = struct(
  {
    ID: text,
    RepoTags: list(),
    RepoDigests: list(),
    Parent: text,
    Comment: text,
    Created: text,
    DockerVersion: text,
    Author: text,
    Config: CONFIG,
    Architecture: text,
    Variant: text,
    Os: text,
    OsVersion: text,
    Size: number,
    VirtualSize: number,
    GraphDriver: DRIVER_DATA,
    RootFS: struct({ Type: text, Layers: list() }),
    Metadata: struct({ LastTagTime: time }),
    Descriptor: pointer,
  },
  { ID: 'Id' },
);
