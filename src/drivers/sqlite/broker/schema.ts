// The broker's tables. The driver's first migration runs this text; a file of the broker alone needs nothing else.

import { MESSAGE_STATES } from './message-state.js';

const { active, locked, scheduled, deadLettered } = MESSAGE_STATES;

/** Stands in the token column while nobody holds the message; no hand-out draws it. As long as a token, see below. */
export const NO_TOKEN = '00000000-0000-0000-0000-000000000000';

/**
 * Each partial index holds only what is in its state, so a message costs entries for the state it is in:
 * - `hand_out`: the rowid (`seq`) follows implicitly, so ties of a rank go out in order of arrival;
 * - `delayed`: messages that became due after they arrived, because order of arrival says nothing about their due time;
 * - `due`, `lock_end`, `expiry`: what the sweep looks for, earliest first, over all queues.
 *
 * `locked_until` and `token` are never null and keep their length, and the body is last: an UPDATE that leaves a record's
 * length alone writes only the pages that changed (btreeOverwriteCell in SQLite's btree.c), so that locking a message
 * with a large body does not write that body again.
 */
export const BROKER_SCHEMA = `
CREATE TABLE broker_queues (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  lock_ms INTEGER NOT NULL,
  -- The longest this queue's locks ever were: bounds a lock that was taken before the clock was set back.
  longest_lock_ms INTEGER NOT NULL,
  -- Null: messages do not expire.
  ttl_ms INTEGER,
  -- Null: no limit.
  max_delivery_count INTEGER,
  dead_letter_on_expiration INTEGER NOT NULL,
  paused_at INTEGER,
  paused_by TEXT,
  -- Hand-outs that passed over a lower rank since a lower rank had its turn; see hand-out.ts.
  passed_over INTEGER NOT NULL DEFAULT 0,
  -- JSON text of whoever made the queue.
  attributes TEXT NOT NULL
);
CREATE TABLE broker_messages (
  -- AUTOINCREMENT: the number of a message that is gone is never given to another one.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  queue_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  expires_at INTEGER,
  locked_until INTEGER NOT NULL,
  token TEXT NOT NULL,
  dead_lettered_at INTEGER,
  dead_letter_reason TEXT,
  dead_letter_description TEXT,
  message_id TEXT NOT NULL,
  properties TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX broker_hand_out ON broker_messages (queue_id, rank) WHERE state = ${active};
CREATE INDEX broker_delayed ON broker_messages (queue_id, due_at) WHERE state = ${active} AND due_at > enqueued_at;
CREATE INDEX broker_due ON broker_messages (due_at) WHERE state = ${scheduled};
CREATE INDEX broker_lock_end ON broker_messages (locked_until) WHERE state = ${locked};
CREATE INDEX broker_expiry ON broker_messages (expires_at) WHERE state IN (${active}, ${scheduled});
CREATE INDEX broker_dead_letters ON broker_messages (queue_id) WHERE state = ${deadLettered};
`;
