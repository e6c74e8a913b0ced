/**
 * Counters of the whole home. Triggers count what they can, so that a counter and what it counts
 * change in one transaction. A box's own counters are deleted with it.
 */
export const sql = `
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL CHECK (value >= 0)
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES
  ('boxes_created', (SELECT count(*) FROM boxes)), ('boxes_failed', 0), ('boxes_stopped', 0),
  ('commands_executed', 0), ('exec_errors', 0);

ALTER TABLE boxes ADD COLUMN commands_executed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE boxes ADD COLUMN exec_errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE boxes ADD COLUMN health TEXT CHECK (health IN ('starting', 'healthy', 'unhealthy'));

CREATE TRIGGER count_created AFTER INSERT ON boxes BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'boxes_created';
END;
CREATE TRIGGER count_stopped AFTER UPDATE OF status ON boxes
WHEN NEW.status = 'stopped'
  AND (OLD.status IS NOT 'stopped' OR NEW.started_at IS NOT OLD.started_at) BEGIN
  UPDATE counters SET value = value + 1 WHERE name = 'boxes_stopped';
END;
CREATE TRIGGER count_commands AFTER UPDATE OF commands_executed, exec_errors ON boxes BEGIN
  UPDATE counters SET value = value + NEW.commands_executed - OLD.commands_executed
  WHERE name = 'commands_executed';
  UPDATE counters SET value = value + NEW.exec_errors - OLD.exec_errors WHERE name = 'exec_errors';
END;
CREATE TRIGGER begin_health AFTER UPDATE OF started_at ON boxes
WHEN NEW.started_at IS NOT OLD.started_at BEGIN
  UPDATE boxes SET health = NULL WHERE id = NEW.id;
END;
`;
