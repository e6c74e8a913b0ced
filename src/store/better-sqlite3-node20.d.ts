/** The same package under another name, an earlier release of it (package.json). */
declare module 'better-sqlite3-node20' {
  import Sqlite from 'better-sqlite3';
  export default Sqlite;
}
