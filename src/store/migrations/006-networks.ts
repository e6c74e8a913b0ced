/**
 * Networks with names, and the boxes attached to them. A network that is removed leaves the endpoints of
 * its stopped boxes, whose next start names it; so its id is no foreign key.
 */
export const sql = `
CREATE TABLE networks (
  id              TEXT PRIMARY KEY CHECK (length(id) = 64),
  name            TEXT NOT NULL UNIQUE,
  created_at      INTEGER NOT NULL,
  spec            TEXT NOT NULL
) STRICT;

CREATE TABLE endpoints (
  network_id      TEXT NOT NULL,
  box_id          TEXT NOT NULL REFERENCES boxes (id) ON DELETE CASCADE,
  network         TEXT NOT NULL,
  address         TEXT NOT NULL,
  address6        TEXT NOT NULL,
  aliases         TEXT NOT NULL,
  asked           TEXT NOT NULL,
  position        INTEGER NOT NULL,
  joined_running  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (network_id, box_id),
  UNIQUE (network_id, address),
  UNIQUE (network_id, address6)
) STRICT, WITHOUT ROWID;
CREATE INDEX endpoints_by_box ON endpoints (box_id, position);
`;
