// Tells waiting receivers and readers that something was committed: by this process (a poke after its own commit) or by
// another one (the file of the write-ahead log changed). Costs nothing while nobody waits, and next to nothing while
// everybody waits.
//
// Why it is sound. `PRAGMA data_version` says for certain whether another connection has committed; it is the only thing
// that wakes anybody. A notification from the file system only says when to look. It comes with the write to the log,
// before the commit can be read (the log is flushed to disk in between). So whoever has committed also touches the log: that
// notification comes when there is something to see, however slow the disk is. A process that dies between its commit
// and the touch, or a program of another version, leaves only the first one: hence looks also after 1, 1, 2, 2, 2 ms,
// and then at growing distances. A missed notification (none from this file system, too many watches) costs at most one
// period of the slow poll, never a message: nothing depends on being told.
//
// The directory is watched, not the log: the last connection that closes deletes the log, the next one makes a new one.

import { type FSWatcher, utimesSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

import type { Database } from 'better-sqlite3';

import type { Clock } from '../../ports/clock.js';
import { prepared } from '../connection-sqlite/prepared.js';

const LOOK_AGAIN_MS = [1, 1, 2, 2, 2, 4, 8, 16, 32, 64];
const SLOW_POLL_MS = 1_000;
/** Where nothing can be watched: half a percent of a core. */
const POLL_WITHOUT_WATCH_MS = 25;

interface Waiter {
  /** Woken when the generation is another one. */
  readonly since: number;
  resolve(): void;
  reject(error: Error): void;
}

export class Waker {
  readonly #db: Database;
  readonly #log: string;
  readonly #clock: Pick<Clock, 'now'>;
  /** What is wrong with the file, if anything; asked with each slow poll. */
  readonly #fileProblem: () => Error | undefined;
  readonly #waiters = new Set<Waiter>();
  #watcher: FSWatcher | undefined;
  #canWatch = true;
  /** Grows with every commit this process made or noticed. */
  #generation = 0;
  #dataVersion = 0;
  #looksNow = false;
  #looks: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(db: Database, { clock, fileProblem }: { readonly clock: Pick<Clock, 'now'>; readonly fileProblem: () => Error | undefined }) {
    this.#db = db;
    this.#clock = clock;
    this.#log = `${db.name}-wal`;
    this.#fileProblem = fileProblem;
  }

  /** This process has committed. */
  poke(): void {
    this.#generation += 1;
    this.#wake();
    this.#tellOthers();
  }

  /**
   * Resolves after a commit made since the call, after `waitMs`, or when the signal fires. Ask first, then look, then
   * wait: so nothing falls between. DB_GONE when the file was taken away.
   */
  changed({ waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true || waitMs <= 0) return resolve();
      this.#observe();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#rest();
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      signal?.addEventListener('abort', done, { once: true });
      const waiter: Waiter = {
        since: this.#generation,
        resolve: done,
        reject: (error) => {
          reject(error);
          done();
        },
      };
      this.#waiters.add(waiter);
      if (this.#waiters.size === 1) this.#attend();
    });
  }

  /** Others who watch the log are notified of a change of its times. */
  #tellOthers(): void {
    const now = this.#clock.now() / 1000;
    try {
      utimesSync(this.#log, now, now);
    } catch {
      // The file was taken away, which the next write tells; or its times belong to somebody else.
    }
  }

  /** Everybody who waits is let go. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.resolve();
    this.#rest();
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Somebody waits: notifications count from now on, and a commit may be on its way whose notification did not count. */
  #attend(): void {
    if (this.#watcher === undefined && this.#canWatch) this.#watch();
    this.#poll = setInterval(() => this.#slowLook(), this.#watcher === undefined ? POLL_WITHOUT_WATCH_MS : SLOW_POLL_MS);
    this.#poll.unref();
    this.#lookAgain(0);
  }

  #rest(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#looks);
    this.#looks = undefined;
  }

  #watch(): void {
    const log = basename(this.#log);
    try {
      this.#watcher = watch(dirname(this.#db.name), { persistent: false }, (_kind, name) => {
        if (this.#waiters.size > 0 && (name === null || name === log)) this.#notified();
      });
      this.#watcher.on('error', () => this.#stopWatching());
    } catch {
      this.#canWatch = false;
    }
  }

  #stopWatching(): void {
    this.#canWatch = false;
    this.#watcher?.close();
    this.#watcher = undefined;
    if (this.#waiters.size === 0) return;
    this.#rest();
    this.#attend();
  }

  /** One commit is many notifications, of which several come together: one look is enough for those. */
  #notified(): void {
    this.#lookAgain(0);
    if (this.#looksNow) return;
    this.#looksNow = true;
    setImmediate(() => {
      this.#looksNow = false;
      if (this.#waiters.size > 0) this.#look();
    });
  }

  /** A notification begins the series again; without a new one it comes to its end also when something was seen, because more may follow. */
  #lookAgain(index: number): void {
    clearTimeout(this.#looks);
    const delay = LOOK_AGAIN_MS[index];
    this.#looks = undefined;
    if (delay === undefined) return;
    this.#looks = setTimeout(() => {
      this.#look();
      if (this.#waiters.size > 0) this.#lookAgain(index + 1);
    }, delay);
    this.#looks.unref();
  }

  #slowLook(): void {
    const problem = this.#fileProblem();
    if (problem !== undefined) for (const waiter of [...this.#waiters]) waiter.reject(problem);
    this.#look();
  }

  #look(): void {
    this.#observe();
    this.#wake();
  }

  /** Busy or closed: whoever was to be woken finds out by his own query after the slow poll or his own time. */
  #observe(): void {
    try {
      const now = prepared<{ data_version: number }>(this.#db, 'PRAGMA data_version').get()?.data_version ?? 0;
      if (now !== this.#dataVersion) this.#generation += 1;
      this.#dataVersion = now;
    } catch {
      return;
    }
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) if (waiter.since !== this.#generation) waiter.resolve();
  }
}
