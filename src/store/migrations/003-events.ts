/**
 * The bounded event log, newest last (events.ts); whether the user wants a box to run, for its
 * restart policy; and the host boot seen last.
 */
export const sql = `
CREATE TABLE events (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  time            INTEGER NOT NULL,
  type            TEXT NOT NULL,
  action          TEXT NOT NULL,
  actor           TEXT NOT NULL,
  attributes      TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (time);

CREATE TABLE host (
  id              INTEGER PRIMARY KEY CHECK (id = 1),
  boot_id         TEXT NOT NULL
) STRICT;

ALTER TABLE boxes ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
ALTER TABLE boxes ADD COLUMN wanted INTEGER NOT NULL DEFAULT 0 CHECK (wanted IN (0, 1));
ALTER TABLE boxes ADD COLUMN restart_delay INTEGER NOT NULL DEFAULT 0;
UPDATE boxes SET wanted = 1 WHERE status = 'running';
`;
