// The queues of a namespace with their counts, asked for as seldom as it does: counts lag anyway, and each question takes
// from what the namespace can do for everybody (with Standard ten of 1,000 operations a second).

import { type AppError, hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { BrokerQueue, QueueAdministration } from './queue-administration.js';
import { retryAfterMs, serviceBusError } from './service-bus-errors.js';
import { withRetry } from './with-retry.js';
import { withinTime } from '../azure-access/within-time.js';

export interface CountBudget {
  /** A look that is younger answers the next question too. */
  readonly maxAgeMs: number;
  /** With this many calls behind us in a minute an older look must do. */
  readonly callsPerMinute: number;
}

/** The namespace's own protocol is limited by the namespace; Resource Manager by the whole subscription. */
export const ATOM_BUDGET: CountBudget = { maxAgeMs: 1_500, callsPerMinute: 40 };
export const ARM_BUDGET: CountBudget = { maxAgeMs: 15_000, callsPerMinute: 12 };

export interface CountedQueuesParts {
  readonly administration: QueueAdministration;
  readonly clock: Clock;
  readonly random: () => number;
  readonly budget: CountBudget;
}

export interface CountedQueuesLook {
  readonly queues: readonly BrokerQueue[];
  /** Of when the counts are, by our clock. */
  readonly countedAt: number;
}

const CALL_MS = 8_000;
const RETRY_MS = 5_000;
const REFUSED_MS = 60_000;
const MINUTE = 60_000;
const PAGE = 100;

export class CountedQueues {
  readonly #parts: CountedQueuesParts;
  #look: { readonly answer: CountedQueuesLook; readonly at: number } | undefined;
  #running: Promise<CountedQueuesLook> | undefined;
  /** When calls were made, by the monotonic clock, of the last minute. */
  #calls: number[] = [];
  #leftAloneUntil = -Infinity;
  /** A key without the right does not get it by being shown again. */
  #refusal: { readonly error: AppError; readonly until: number } | undefined;
  /** Counts the changes: a look that began before the last one is no look any more. */
  #changes = 0;

  constructor(parts: CountedQueuesParts) {
    this.#parts = parts;
  }

  /** Throws what serviceBusError makes; throttled or out of budget it answers with the last look, whatever its age. */
  async read(): Promise<CountedQueuesLook> {
    const now = this.#parts.clock.monotonic();
    const last = this.#look;
    if (last !== undefined && (now - last.at < this.#parts.budget.maxAgeMs || !this.#mayAsk(now))) return last.answer;
    if (this.#refusal !== undefined && now < this.#refusal.until) throw this.#refusal.error;
    this.#running ??= this.#ask();
    try {
      return await this.#running;
    } catch (error) {
      if (hasCode(error, 'SB_UNAUTHORIZED')) this.#refusal = { error, until: now + REFUSED_MS };
      const wait = retryAfterMs(error);
      if (wait === undefined || last === undefined) throw error;
      this.#leftAloneUntil = now + wait;
      return last.answer;
    }
  }

  /** After a change: the next look must show it. */
  forget(): void {
    this.#changes += 1;
    this.#refusal = undefined;
    this.#look = undefined;
    this.#running = undefined;
  }

  #mayAsk(now: number): boolean {
    this.#calls = this.#calls.filter((at) => now - at < MINUTE);
    return now >= this.#leftAloneUntil && this.#calls.length < this.#parts.budget.callsPerMinute;
  }

  async #ask(): Promise<CountedQueuesLook> {
    const changes = this.#changes;
    const at = this.#parts.clock.monotonic();
    try {
      const answer = await this.#list(at);
      if (changes === this.#changes) this.#look = { answer, at };
      return answer;
    } finally {
      if (changes === this.#changes) this.#running = undefined;
    }
  }

  async #list(at: number): Promise<CountedQueuesLook> {
    const { administration, clock, random } = this.#parts;
    const place = { operation: 'list the queues' };
    const countedAt = clock.now();
    this.#calls.push(at);
    const call = (): Promise<BrokerQueue[]> => withinTime({ clock, limitMs: CALL_MS, ...place }, (signal) => administration.list({ signal }));
    // With a look to fall back on there is nothing to wait for.
    const budgetMs = this.#look === undefined ? RETRY_MS : 0;
    const queues = await withRetry(call, { ...place, clock, random, budgetMs }).catch((error: unknown) => {
      throw serviceBusError(error, place);
    });
    for (let page = 1; page * PAGE < queues.length; page++) this.#calls.push(at);
    return { queues: queues.sort((a, b) => (a.name < b.name ? -1 : 1)), countedAt };
  }
}
