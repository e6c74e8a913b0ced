export interface ConnectOptions {
  /** Milliseconds that the shim has for its first frame once it has accepted the connection. */
  timeoutMs?: number;
  /** The box's name in messages; default: the directory's name. */
  name?: string;
}

export interface MainOptions {
  /** Receive main's output and send it stdin; default true. Otherwise only its start and end arrive. */
  attach?: boolean;
}

export interface ExecOptions {
  /** Without streams; once started, the command outlives this client. */
  detached?: boolean;
}
