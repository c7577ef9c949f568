// ChangeWatch: tells that something was written. What this process writes it hears at once; for what others write it asks the
// change feed now and then, for as long as somebody waits, since each look costs a request unit.

import { ChangeFeedStartFrom } from '@azure/cosmos';

import type { Clock } from '../../ports/clock.js';
import type { CosmosCalls } from './cosmos-calls.js';

const LOOK_EVERY_MS = 1_000;

export class ChangeWatch {
  readonly #calls: CosmosCalls;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #looking = false;
  #token: string | undefined;

  constructor(calls: CosmosCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  /** This process has written something. */
  poke(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves after a change, after `waitMs`, or when the signal fires; may resolve without reason. */
  async changed({ waitMs, signal }: { waitMs: number; signal?: AbortSignal }): Promise<void> {
    if (signal?.aborted === true) return;
    const stop = new AbortController();
    const wake = (): void => stop.abort();
    this.#waiting.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
    if (!this.#looking) void this.#look();
    try {
      await this.#clock.sleep(waitMs, stop.signal);
    } finally {
      this.#waiting.delete(wake);
      signal?.removeEventListener('abort', wake);
    }
  }

  /** Ends when nobody waits. What was written before the first look cannot be told from what came after: that wakes all. */
  async #look(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#waiting.size > 0) {
        const from = this.#token === undefined ? ChangeFeedStartFrom.Now() : ChangeFeedStartFrom.Continuation(this.#token);
        const { documents, token } = await this.#calls.changes({ changeFeedStartFrom: from, maxItemCount: 1 });
        const isFirst = this.#token === undefined;
        // That there was something is enough: going through all of it, a document a look, would wake for hours after a busy time.
        this.#token = documents.length > 0 ? undefined : token;
        if (isFirst || documents.length > 0) this.poke();
        await this.#clock.sleep(LOOK_EVERY_MS);
      }
    } catch {
      // Whoever waits looks by itself when its time is over, and then hears what is wrong.
      this.#token = undefined;
    } finally {
      this.#looking = false;
    }
  }
}
