// The tables of the store, with the broker's in the same file so that a job and its message share a transaction.

import { BROKER_SCHEMA } from './broker/schema.js';
import { TALLY_SCHEMA } from './tally.js';

/**
 * jobs: what is searched or compared has a column, the rest of what changes is JSON in `state`. What never changes is
 * `input`, last in the row so that lists do not read it; a large one is in job_inputs, because every save writes the
 * whole row again. `message` is the broker's number of the newest message, `last_event` the head of the job's events.
 * Each index costs on every transition, so most of them are partial: jobs_status has no row for what succeeded,
 * jobs_delayed only jobs whose first attempt is due later, jobs_waiting only parents that wait for their children.
 * The order of jobs_created is that of lists; the id decides among jobs of one millisecond.
 *
 * events: `previous` is the job's event before this one. The chain is read backwards from the job, which spares an
 * index that would cost with every event. A row with job 0 stands for the newest event of all when prune deleted its
 * job, so that numbers, which are the cursors of readers, never start over.
 */
const STORE_SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('storeId', lower(hex(randomblob(16))));

CREATE TABLE jobs (
  job INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  queue TEXT NOT NULL,
  priority INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  attempt INTEGER NOT NULL,
  run_epoch INTEGER NOT NULL,
  version INTEGER NOT NULL,
  parent_id TEXT,
  cancel_requested_at INTEGER,
  awaits_children INTEGER NOT NULL,
  delayed_until INTEGER,
  message INTEGER,
  last_event INTEGER NOT NULL,
  labels TEXT,
  progress TEXT,
  state TEXT NOT NULL,
  input TEXT
);
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_status ON jobs (status, created_at, id) WHERE status <> 'Succeeded';
CREATE INDEX jobs_parent ON jobs (parent_id, created_at, id) WHERE parent_id IS NOT NULL;
CREATE INDEX jobs_delayed ON jobs (queue, delayed_until) WHERE delayed_until IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (queue) WHERE awaits_children = 1;

CREATE TABLE job_inputs (job INTEGER PRIMARY KEY, input TEXT NOT NULL);

CREATE TABLE job_blobs (key TEXT NOT NULL, job INTEGER NOT NULL, PRIMARY KEY (key, job)) WITHOUT ROWID;
CREATE INDEX job_blobs_job ON job_blobs (job);

CREATE TABLE idempotency (
  user_id TEXT NOT NULL,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  job_id TEXT NOT NULL,
  PRIMARY KEY (user_id, type, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_job ON idempotency (job_id);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  previous INTEGER,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  queue TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  worker TEXT,
  detail TEXT
);

CREATE TABLE job_log (
  job INTEGER NOT NULL,
  line INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  level TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (job, line)
) WITHOUT ROWID;

CREATE TABLE checkpoints (job INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (job, key)) WITHOUT ROWID;

CREATE TABLE workers (
  id TEXT PRIMARY KEY,
  heartbeat_at INTEGER NOT NULL,
  drain_requested INTEGER NOT NULL DEFAULT 0,
  record TEXT NOT NULL
) WITHOUT ROWID;
`;

export const MIGRATION_0001 = STORE_SCHEMA + TALLY_SCHEMA + BROKER_SCHEMA;
