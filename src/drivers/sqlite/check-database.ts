// What `doctor` asks of the database file: is it whole, in the right mode and format, and do its counters tell the truth.
// On a connection of its own that cannot write.

import type { Database } from 'better-sqlite3';

import type { HealthCheck } from '../../ports/diagnostics.js';
import { openConnection } from '../connection-sqlite/open-connection.js';
import { MESSAGE_STATES } from './broker/message-state.js';
import { MIGRATIONS } from './migrations.js';

/** Reads the whole file once; a million jobs take seconds. What cannot be asked is a failed check, not an error. */
export function checkDatabase(file: string): readonly HealthCheck[] {
  let db: Database | undefined;
  try {
    db = openConnection(file, { readonly: true, fileMustExist: true });
    const opened = db;
    // One snapshot: jobs that change meanwhile must not look like counters that are wrong.
    return db.transaction(() => [integrity(opened), journalMode(opened), format(opened), counters(opened)])();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ name: 'database', status: 'fail', detail, remedy: 'stop the workers, keep a copy of the file, and put back a copy that is whole' }];
  } finally {
    db?.close();
  }
}

function integrity(db: Database): HealthCheck {
  const [first] = db.pragma('quick_check(1)') as { quick_check: string }[];
  const ok = first?.quick_check === 'ok';
  return {
    name: 'database integrity',
    status: ok ? 'ok' : 'fail',
    detail: ok ? 'quick_check found nothing wrong' : (first?.quick_check ?? 'no answer'),
    remedy: ok ? null : 'stop the workers, keep a copy of the file, and put back a copy that is whole',
  };
}

function journalMode(db: Database): HealthCheck {
  const mode = String(db.pragma('journal_mode', { simple: true }));
  return {
    name: 'journal mode',
    status: mode === 'wal' ? 'ok' : 'fail',
    detail: mode,
    remedy: mode === 'wal' ? null : 'another program changed it: stop the workers and run `PRAGMA journal_mode = WAL` on the file',
  };
}

function format(db: Database): HealthCheck {
  const version = Number(db.pragma('user_version', { simple: true }));
  const latest = MIGRATIONS.at(-1)?.version ?? 0;
  return {
    name: 'database format',
    status: version === latest ? 'ok' : 'fail',
    detail: `version ${version}, SQLite ${String(db.prepare('SELECT sqlite_version()').pluck().get())}`,
    remedy: version === latest ? null : 'use the copiloteval that wrote it, or a newer one',
  };
}

/** Tallies are changed by differences; this is the one place that counts again. */
function counters(db: Database): HealthCheck {
  const wrong = [...jobCounters(db), ...messageCounters(db)].filter(({ counted, real }) => counted !== real);
  const [first] = wrong;
  return {
    name: 'counters',
    status: first === undefined ? 'ok' : 'fail',
    detail: first === undefined ? 'agree with a recount' : `${wrong.length} differ: ${first.what} is counted ${first.counted}, there are ${first.real}`,
    remedy: first === undefined ? null : 'jobs and messages are right, `stats` is not: report it with the output of `copiloteval doctor -o json`',
  };
}

interface Counter {
  readonly what: string;
  readonly counted: number;
  readonly real: number;
}

function jobCounters(db: Database): Counter[] {
  return compare(
    db,
    'SELECT queue AS a, type AS b, status AS c, count(*) AS count FROM jobs GROUP BY queue, type, status',
    "SELECT a, b, c, count FROM tallies WHERE kind = 'jobs'",
  );
}

function messageCounters(db: Database): Counter[] {
  const names = Object.entries(MESSAGE_STATES).map(([name, number]) => `WHEN ${number} THEN '${name}'`).join(' ');
  return compare(
    db,
    `SELECT q.name AS a, CASE m.state ${names} END AS b, '' AS c, count(*) AS count
     FROM broker_messages m JOIN broker_queues q ON q.id = m.queue_id GROUP BY 1, 2`,
    "SELECT a, b, c, count FROM tallies WHERE kind = 'messages'",
  );
}

function compare(db: Database, realSql: string, countedSql: string): Counter[] {
  const real = counts(db, realSql);
  const counted = counts(db, countedSql);
  return [...new Set([...real.keys(), ...counted.keys()])].map((what) => ({ what, counted: counted.get(what) ?? 0, real: real.get(what) ?? 0 }));
}

function counts(db: Database, sql: string): Map<string, number> {
  const rows = db.prepare<[], { a: string; b: string; c: string; count: number }>(sql).all();
  return new Map(rows.map(({ a, b, c, count }) => [[a, b, c].filter((part) => part !== '').join(' '), count]));
}
