// The tables of a store whose queue is another system. A store with a queue of its own leaves them empty.

/**
 * outbox: at most one entry a job, that of its newest message; `job` is the job's number, and what the message says is
 * read from the job when it is sent. `holder` is who may send it until `free_at`: its creator's process at first, then
 * one claim after another; empty while nobody does, and then `free_at` is when it may be tried again.
 *
 * watched_jobs: until when the store should have heard of a job whose message is elsewhere; see ports/watched-jobs.ts.
 */
export const MIGRATION_0002 = `
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  job INTEGER NOT NULL UNIQUE,
  sequence INTEGER NOT NULL,
  queue TEXT NOT NULL,
  not_before INTEGER,
  saved_at INTEGER NOT NULL,
  holder TEXT NOT NULL,
  free_at INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  problem TEXT
);
CREATE INDEX outbox_free ON outbox (free_at);
CREATE INDEX outbox_queue ON outbox (queue);

CREATE TABLE watched_jobs (job INTEGER PRIMARY KEY, look_at INTEGER NOT NULL);
CREATE INDEX watched_jobs_look ON watched_jobs (look_at);
`;
