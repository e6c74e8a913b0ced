/** What running pulls, loads and imports are about to use, one row per digest; see leases.ts. */
export const sql = `
CREATE TABLE image_leases (
  lease           TEXT NOT NULL,
  digest          TEXT NOT NULL,
  pid             INTEGER NOT NULL,
  start_ticks     INTEGER NOT NULL,
  boot_id         TEXT NOT NULL,
  PRIMARY KEY (lease, digest)
) STRICT, WITHOUT ROWID;
`;
