/**
 * Times are milliseconds since the epoch. JSON columns hold what the engine wrote; the engine
 * parses them. A box keeps its manifest digest even when its image is removed by force, so it is
 * not a foreign key.
 */
export const sql = `
CREATE TABLE boxes (
  id              TEXT PRIMARY KEY CHECK (length(id) = 26),
  name            TEXT UNIQUE,
  status          TEXT NOT NULL
                  CHECK (status IN ('unknown', 'configured', 'running', 'stopping', 'stopped')),
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  image           TEXT NOT NULL,
  manifest_digest TEXT,
  image_id        TEXT,
  options         TEXT NOT NULL,
  pid             INTEGER,
  shim_pid        INTEGER,
  container_id    TEXT NOT NULL UNIQUE CHECK (length(container_id) = 64),
  lock_id         INTEGER NOT NULL UNIQUE CHECK (lock_id >= 0),
  auto_remove     INTEGER NOT NULL CHECK (auto_remove IN (0, 1)),
  exit_code       INTEGER,
  exit_signal     INTEGER,
  oom_killed      INTEGER NOT NULL DEFAULT 0 CHECK (oom_killed IN (0, 1)),
  error           TEXT,
  started_at      INTEGER,
  finished_at     INTEGER,
  start_count     INTEGER NOT NULL DEFAULT 0,
  restart_count   INTEGER NOT NULL DEFAULT 0,
  timings         TEXT,
  accelerator     TEXT,
  template_key    TEXT
) STRICT;
CREATE INDEX boxes_by_manifest ON boxes (manifest_digest);

CREATE TABLE images (
  manifest_digest TEXT PRIMARY KEY,
  image_id        TEXT NOT NULL,
  platform        TEXT NOT NULL,
  size            INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  added_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX images_by_id ON images (image_id);

CREATE TABLE image_references (
  reference       TEXT PRIMARY KEY,
  manifest_digest TEXT NOT NULL REFERENCES images (manifest_digest),
  index_digest    TEXT,
  pulled_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX image_references_by_manifest ON image_references (manifest_digest);

CREATE TABLE locks (
  name            TEXT PRIMARY KEY,
  token           TEXT NOT NULL,
  purpose         TEXT NOT NULL,
  pid             INTEGER NOT NULL,
  start_ticks     INTEGER NOT NULL,
  boot_id         TEXT NOT NULL,
  acquired_at     INTEGER NOT NULL
) STRICT;
`;
