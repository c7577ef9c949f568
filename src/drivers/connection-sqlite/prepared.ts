// The statements of a connection by their text, so that each is made once however often it runs. They are kept for as long
// as the process lives (open-connection.ts says why): a text must not be made of values, nor of how many there are.

import type { Database, Statement } from 'better-sqlite3';

type AnyStatement = Statement<unknown[], unknown>;

interface Statements {
  readonly byName: Map<string, AnyStatement>;
  readonly raw: Map<string, AnyStatement>;
}

const statements = new WeakMap<Database, Statements>();

/**
 * The prepared statement for this text, made once per connection when it is first needed. Do not switch its mode
 * (`pluck`, `raw`): the same text elsewhere gets the same statement.
 */
export function prepared<Row = unknown>(db: Database, sql: string): Statement<unknown[], Row> {
  const known = statementsOf(db).byName;
  let statement = known.get(sql);
  if (statement === undefined) known.set(sql, (statement = db.prepare<unknown[], unknown>(sql)));
  return statement as Statement<unknown[], Row>;
}

/** As `prepared`, with rows as arrays: much cheaper for rows of many columns. */
export function preparedRaw<Row = unknown>(db: Database, sql: string): Statement<unknown[], Row> {
  const known = statementsOf(db).raw;
  let statement = known.get(sql);
  if (statement === undefined) known.set(sql, (statement = db.prepare<unknown[], unknown>(sql).raw()));
  return statement as Statement<unknown[], Row>;
}

function statementsOf(db: Database): Statements {
  let known = statements.get(db);
  if (known === undefined) statements.set(db, (known = { byName: new Map(), raw: new Map() }));
  return known;
}
