// The reference "raw": a bare better-sqlite3 loop that writes the product's own rows, with its own indexes, in
// transactions of 100 at synchronous=FULL. No queue semantics, no checks, no JSON made: what the disk and SQLite allow.

import Database, { type Database as Db } from 'better-sqlite3';
import { randomUUID } from 'node:crypto';

import { MESSAGE_STATES } from '../src/drivers/sqlite/broker/message-state.js';

const GROUP = 100;

type Row = Record<string, string | number | bigint | Buffer | null>;

/** Inserts `count` jobs, each with its message and its event, as copies of the newest ones of the file; jobs per second. */
export function rawInsert(file: string, count: number): number {
  const db = open(file);
  const insertJob = inserter(db, 'jobs', 'job');
  const insertMessage = inserter(db, 'broker_messages', 'seq');
  const insertEvent = inserter(db, 'events', 'seq');
  const started = performance.now();
  inGroups(db, count, () => {
    const id = timeOrderedId();
    const message = insertMessage({ message_id: `${id}:1` });
    const job = insertJob({ id, message });
    insertEvent({ job });
  });
  return perSecond(db, count, started);
}

/** Takes every message of the file through lock, start, finish and completion; jobs per second. */
export function rawWork(file: string): number {
  const db = open(file);
  const messages = db.prepare<[], { seq: number; message_id: string }>('SELECT seq, message_id FROM broker_messages ORDER BY seq').all();
  const remaining = messages.values();
  const lock = db.prepare(`UPDATE broker_messages SET state = ${MESSAGE_STATES.locked}, locked_until = ?, token = ? WHERE seq = ?`);
  const select = db.prepare<[string], Row>('SELECT * FROM jobs WHERE id = ?');
  const update = db.prepare('UPDATE jobs SET status = ?, updated_at = ?, attempt = 1, run_epoch = 1, version = version + 1, last_event = ?, state = ? WHERE job = ?');
  const insertEvent = inserter(db, 'events', 'seq');
  const remove = db.prepare('DELETE FROM broker_messages WHERE seq = ?');
  const now = Date.now();
  const started = performance.now();
  inGroups(db, messages.length, () => {
    const message = nextOf(remaining);
    lock.run(now + 300_000, randomUUID(), message.seq);
    const job = select.get(message.message_id.slice(0, 36));
    if (job === undefined) throw new Error(`${message.message_id} has no job`);
    const { job: number = null, last_event: previous = null, state = null } = job;
    for (const [status, added] of WRITTEN) {
      const event = insertEvent({ job: number, status, previous });
      update.run(status, now, event, `${String(state).slice(0, -1)}${added}`, number);
    }
    remove.run(message.seq);
  });
  return perSecond(db, messages.length, started);
}

/** Grows with time as the product's ids do: a random one would dirty a page of the index per row. */
function timeOrderedId(): string {
  const at = (Date.now() * 1000 + (ordinal++ % 1000)).toString(16).padStart(16, '0');
  return `${at.slice(0, 8)}-${at.slice(8, 12)}-7${at.slice(12, 15)}-${randomUUID().slice(19)}`;
}

let ordinal = 0;

/** What a start and a success add to a job's state, as long as what the product writes. */
const WRITTEN = [
  ['Running', ',"startedAt":1795372548896,"worker":"host-5978-c03f","delivery":{"queue":"evaluation-jobs","brokerSequence":"1","lockedUntil":1795372848896}}'],
  ['Succeeded', ',"startedAt":1795372548896,"finishedAt":1795372548900,"worker":"host-5978-c03f"}'],
] as const;

function open(file: string): Db {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  return db;
}

/** Inserts a copy of the table's newest row with some columns changed; returns its number. */
function inserter(db: Db, table: string, key: string): (changes: Row) => number | bigint {
  const template = db.prepare<[], Row>(`SELECT * FROM ${table} ORDER BY ${key} DESC LIMIT 1`).get();
  if (template === undefined) throw new Error(`${table} has no row to copy`);
  delete template[key];
  const columns = Object.keys(template);
  const statement = db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`);
  const values = columns.map((column) => template[column] ?? null);
  const places = new Map(columns.map((column, index) => [column, index]));
  return (changes) => {
    for (const column in changes) values[places.get(column) ?? values.length] = changes[column] ?? null;
    return statement.run(values).lastInsertRowid;
  };
}

function inGroups(db: Db, count: number, one: () => void): void {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  for (let done = 0; done < count; ) {
    begin.run();
    for (const end = Math.min(count, done + GROUP); done < end; done += 1) one();
    commit.run();
  }
}

function nextOf<T>(items: Iterator<T>): T {
  const next = items.next();
  if (next.done === true) throw new Error('no more messages');
  return next.value;
}

function perSecond(db: Db, count: number, started: number): number {
  const speed = (count / (performance.now() - started)) * 1000;
  db.close();
  return speed;
}
