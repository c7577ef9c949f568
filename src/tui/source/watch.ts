// Looks at one question again and again, tells of each new answer, and waits longer after each failure.

import type { Clock } from '../../ports/clock.js';
import type { Problem } from '../data.js';
import { problemOf, retryAfterMs } from './problem.js';
import type { Rhythm } from './pace.js';

export interface Watched {
  readonly clock: Clock;
  /** The answer, and its text for comparing: an answer with the same text is no news. */
  readonly look: (signal: AbortSignal) => Promise<{ readonly data: unknown; readonly text: string }>;
  /** Undefined: hold still until the next poke. */
  readonly rhythm: () => Rhythm | undefined;
  /** Resolves when something may have been written. */
  readonly changed: (waitMs: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
  readonly onNews: (data: unknown, everyMs: number) => void;
  readonly onSame: (everyMs: number) => void;
  readonly onProblem: (problem: Problem, retryAt: number) => void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const JITTER = 0.1;
/** Looking takes at most a twelfth of the time. */
const REST_PER_LOOK = 12;
/** Without a notice of a change, where there would be one: at most a hundredth. */
const REST_WITHOUT_NOTICE = 100;
const FOREVER_MS = 24 * 60 * 60_000;

export class Watch {
  readonly #ask: Watched;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #lookNow = false;
  #last: string | undefined;
  #failures = 0;
  readonly ended: Promise<void>;

  constructor(ask: Watched) {
    this.#ask = ask;
    this.ended = this.#run();
  }

  /** The rhythm may be another one now; `lookNow`: look at once. */
  poke(lookNow: boolean): void {
    this.#lookNow ||= lookNow;
    this.#wake.abort();
  }

  end(): void {
    this.#stop.abort();
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const rhythm = this.#ask.rhythm();
      if (rhythm === undefined && !this.#lookNow && (this.#last !== undefined || this.#failures > 0)) {
        await this.#sleep(FOREVER_MS);
        continue;
      }
      this.#lookNow = false;
      // Asked for before looking, so that what is written meanwhile counts.
      const noticed = this.#notice(rhythm);
      const { clock } = this.#ask;
      const began = clock.monotonic();
      const retryMs = await this.#lookOnce(rhythm);
      const took = clock.monotonic() - began;
      await this.#rest(rhythm, took, retryMs, noticed);
      noticed.end();
    }
  }

  /** Undefined when it went well, else how long to leave it alone. */
  async #lookOnce(rhythm: Rhythm | undefined): Promise<number | undefined> {
    const { signal } = this.#stop;
    try {
      const { data, text } = await this.#ask.look(signal);
      if (signal.aborted) return undefined;
      this.#failures = 0;
      const everyMs = rhythm?.everyMs ?? 0;
      if (text === this.#last) this.#ask.onSame(everyMs);
      else this.#ask.onNews(data, everyMs);
      this.#last = text;
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#failures += 1;
      this.#last = undefined;
      const retryMs = Math.max(retryAfterMs(error) ?? 0, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)));
      this.#ask.onProblem(problemOf(error), this.#ask.clock.now() + retryMs);
      return retryMs;
    }
  }

  async #rest(rhythm: Rhythm | undefined, took: number, retryMs: number | undefined, noticed: Notice): Promise<void> {
    if (retryMs !== undefined) return this.#sleep(retryMs);
    if (rhythm === undefined) return;
    const least = Math.max(rhythm.leastMs, took * REST_PER_LOOK);
    await this.#sleep(Math.max(0, least - took));
    const usual = Math.max(rhythm.everyMs ?? FOREVER_MS, rhythm.onChange ? took * REST_WITHOUT_NOTICE : 0);
    const rest = usual * (1 + JITTER * this.#ask.random()) - least;
    if (rest <= 0 || this.#lookNow) return;
    await Promise.race([noticed.seen, this.#sleep(rest)]);
    // The sleep that was not waited for would stay behind, one for each notice.
    this.#wake.abort();
  }

  #notice(rhythm: Rhythm | undefined): Notice {
    const waiting = new AbortController();
    const seen = rhythm?.onChange === true ? this.#ask.changed(rhythm.everyMs ?? FOREVER_MS, waiting.signal) : new Promise<void>(() => undefined);
    // A notice that cannot be had any more is found out by the next look.
    const quiet = seen.catch(() => undefined);
    return { seen: quiet, end: () => waiting.abort() };
  }

  /** Ends early when poked or stopped. */
  async #sleep(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    if (this.#lookNow) return;
    await this.#ask.clock.sleep(ms, this.#wake.signal);
  }
}

interface Notice {
  readonly seen: Promise<void>;
  readonly end: () => void;
}
