/** An earlier release of the same package, under another name (package.json). */
declare module 'better-sqlite3-node20' {
  import Sqlite from 'better-sqlite3';
  export default Sqlite;
}
