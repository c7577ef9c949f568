// Where the file is that stands for another system's queues.

/** Beside the database. */
export function remoteFile(database: string): string {
  return database.replace(/\.db$/, '.remote.db');
}
