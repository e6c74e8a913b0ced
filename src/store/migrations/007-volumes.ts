/**
 * Volumes, and which box has which of them where. A volume that a box has is not removed; a box that is
 * removed has none. Removed ones are named until their files are put aside: a directory without a record and
 * not named here is a volume whose record was lost.
 */
export const sql = `
CREATE TABLE volumes (
  name            TEXT PRIMARY KEY,
  kind            TEXT NOT NULL CHECK (kind IN ('shared', 'disk')),
  anonymous       INTEGER NOT NULL,
  labels          TEXT NOT NULL,
  options         TEXT NOT NULL,
  size_bytes      INTEGER,
  created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_uses (
  box_id          TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  target          TEXT NOT NULL,
  volume          TEXT NOT NULL REFERENCES volumes (name),
  read_only       INTEGER NOT NULL,
  by_name         INTEGER NOT NULL,
  PRIMARY KEY (box_id, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX volume_uses_by_volume ON volume_uses (volume);

CREATE TABLE removed_volumes (
  name            TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
`;
