// Opens connections to SQLite files, and keeps the native objects that belong to them for as long as the process lives.
//
// Since Node 24.19 an addon's object that derives from node::ObjectWrap aborts the process when it is collected while no
// JavaScript runs: its destructor removes a clean-up hook, and that needs a current context. better-sqlite3 12 has such
// objects (version 13 has not, and needs Node 22). So none of them is ever collected. Statements are made once per
// connection and text and connections about once per process, so what is kept is small. Iterators, one per reading, would not
// be: nobody calls iterate().

import SqliteDatabase, { type Database, type Options, type Statement } from 'better-sqlite3';

const kept = new Set<object>();

/** Throws what the package throws. */
export function openConnection(file: string, options: Options): Database {
  return keep(new SqliteDatabase(file, options));
}

function keep<T extends object>(native: T): T {
  kept.add(native);
  return native;
}

// On the prototype, so that a connection that was opened elsewhere in the process (a test, a benchmark) is kept as well.
const { prototype } = SqliteDatabase;
const prepare: unknown = Reflect.get(prototype, 'prepare');
const exec: unknown = Reflect.get(prototype, 'exec');

prototype.prepare = function prepareAndKeep(this: Database, sql: string): Statement {
  keep(this);
  return keep((prepare as (this: Database, sql: string) => Statement).call(this, sql));
} as Database['prepare'];

prototype.exec = function execAndKeep(this: Database, sql: string): Database {
  keep(this);
  return (exec as (this: Database, sql: string) => Database).call(this, sql);
};

/** The package's own makes a statement that nobody can hold. */
prototype.pragma = function pragmaAndKeep(this: Database, source: string, options?: { simple?: boolean }): unknown {
  const statement = this.prepare(`PRAGMA ${source}`);
  if (!statement.reader) return void statement.run();
  return options?.simple === true ? statement.pluck().get() : statement.all();
};
