/** The client and server parts of Docker's `version` and `info`; here one program is both. */
import { type Fields, flag, list, map, pointer, pointerTo, struct, text } from './go-type.js';

const PLATFORM = { Name: text };

const CLIENT: Fields = {
  Platform: pointerTo(struct(PLATFORM)),
  Version: text,
  APIVersion: text,
  DefaultAPIVersion: text,
  GitCommit: text,
  GoVersion: text,
  Os: text,
  Arch: text,
  BuildTime: text,
  Context: text,
};

const CLIENT_KEYS = { APIVersion: 'ApiVersion' };

const SERVER = struct(
  {
    Platform: struct(PLATFORM),
    Version: text,
    APIVersion: text,
    MinAPIVersion: text,
    Os: text,
    Arch: text,
    Components: list(struct({ Name: text, Version: text, Details: map() })),
    GitCommit: text,
    GoVersion: text,
    KernelVersion: text,
    Experimental: flag,
    BuildTime: text,
  },
  CLIENT_KEYS,
);

/** The value that templates of `version` see. */
export const VERSIONS = struct({
  Client: struct(CLIENT, CLIENT_KEYS),
  Server: SERVER,
});

/** `ClientInfo` of `info`. */
export const CLIENT_INFO = pointerTo(
  struct({ Debug: flag, ...CLIENT, Plugins: list(), Warnings: list(pointer) }, CLIENT_KEYS),
);
