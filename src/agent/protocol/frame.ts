/** Raised with every incompatible change; each end refuses any other generation. */
export const GENERATION = 12;

export const LIMITS = {
  HEADER_BYTES: 12,
  /** Of one frame's payload. */
  MAX_PAYLOAD: 65_536,
  /** Of one message assembled from frames with MORE. */
  MAX_MESSAGE: 4_194_304,
  /** Bytes of stdin, or of stdout and stderr together, in flight in one session. */
  WINDOW: 262_144,
  MAX_ARGS: 65_536,
  MAX_SESSIONS: 4_096,
  MAX_SHARES: 64,
  MAX_SYSCTLS: 128,
  MAX_CGROUP_LIMITS: 16,
  MAX_DEVICES: 64,
  MAX_GROUPS: 64,
  /** Published ports of a box. */
  MAX_PORTS: 512,
  /** Rules of what a box may reach, and ports of the host's loopback. */
  MAX_NET_RULES: 128,
  MAX_HOST_PORTS: 32,
  /** Named networks that a box is in. */
  MAX_LINKS: 16,
  /** Ids that shares of root show unchanged; higher ids appear as nobody. */
  SHARE_IDS: 65_536,
  /** Bytes of output that one check of a box's health keeps. */
  HEALTH_OUTPUT: 4_096,
  /** Results of checks that the shim keeps. */
  HEALTH_CHECKS: 5,
  /** Most bytes of a command line in `stats`, and most processes. */
  PROCESS_COMMAND: 1_024,
  MAX_PROCESSES: 2_048,
} as const;

export const SESSIONS = { CONTROL: 0, MAIN: 1, FIRST_EXEC: 2 } as const;

export const FRAME_FLAGS = {
  /** The message continues in the next frame of this session and type. */
  MORE: 1,
  /** Last bytes of this stream (stdin). The payload may be empty. */
  EOF: 2,
  /** Of exec: the command has no streams and outlives its client. Nobody receives its end. */
  DETACHED: 4,
} as const;
