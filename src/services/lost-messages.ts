// Finds jobs whose messages another system has lost: somebody deleted a queue or emptied it by hand. The sign is a queue
// that stays empty by its own counts while the store has jobs that wait for a message of it. A new message is safe even
// when the sign was wrong: the old one is superseded by its number.

import { mayRecover } from '../domain/dead-letters/judge-letter.js';
import type { Job } from '../domain/job.js';
import { deadLetter, recover } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { QueueInfo } from '../ports/queue-admin.js';
import { recoveriesOf, save, type WatchPorts } from './watched-job.js';

export type LostPorts = WatchPorts & Pick<Backend, 'elsewhere'>;

/** Counts lag, and a message may be between two states: emptiness must last. */
const EMPTY_FOR_MS = 60_000;
/** Whoever waits for less may have a message that is counted nowhere yet. */
const WAITED_FOR_MS = 10 * 60_000;
const SEARCH_EVERY_MS = 10 * 60_000;
const PAGE = 250;

export class LostMessages {
  readonly #ports: LostPorts;
  readonly #queue: string;
  /** By the monotonic clock; null while something is on the queue. */
  #emptySince: number | null = null;
  #searchedAt = -Infinity;

  constructor(ports: LostPorts, queue: string) {
    this.#ports = ports;
    this.#queue = queue;
  }

  /** `info` is what the queue says of itself now. Answers how many jobs have a new message. */
  async look({ counts, partial }: QueueInfo, isHeld: (job: Job) => boolean): Promise<number> {
    const now = this.#ports.clock.monotonic();
    // Where only the front of the queue was seen, scheduled messages may hide the others.
    const isEmpty = counts.active + counts.locked + (partial === undefined ? 0 : counts.scheduled) === 0;
    this.#emptySince = isEmpty ? (this.#emptySince ?? now) : null;
    if (this.#emptySince === null || now - this.#emptySince < EMPTY_FOR_MS || now - this.#searchedAt < SEARCH_EVERY_MS) return 0;
    const { ready, locked } = await this.#ports.store.openWork([this.#queue]);
    if (ready + locked === 0) return 0;
    this.#searchedAt = now;
    return this.#search(isHeld);
  }

  async #search(isHeld: (job: Job) => boolean): Promise<number> {
    const { elsewhere } = this.#ports;
    let recovered = 0;
    for (let cursor: string | null | undefined; elsewhere !== undefined && cursor !== null; ) {
      const page = await elsewhere.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      for (const job of page.jobs) if (this.#isLost(job) && !isHeld(job)) recovered += await this.#sendAgain(job);
      cursor = page.nextCursor;
    }
    return recovered;
  }

  #isLost(job: Job): boolean {
    const before = this.#ports.clock.now() - WAITED_FOR_MS;
    if (job.queue !== this.#queue || job.queueMode !== 'service_bus') return false;
    if (job.status === 'Running') return (job.delivery?.lockedUntil ?? Infinity) < before;
    return job.status === 'Queued' && !job.awaitsChildren && (job.nextAttemptAt ?? job.queuedAt) < before && job.updatedAt < before;
  }

  async #sendAgain(job: Job): Promise<number> {
    const at = this.#ports.clock.now();
    if (mayRecover(job, await recoveriesOf(this.#ports, job), at)) {
      return (await save(this.#ports, recover(job, at, 'its message is not on the queue any more'))) ? 1 : 0;
    }
    const message = 'its message is not on the queue any more, and no attempt is left, its time is over or it was sent again too often';
    await save(this.#ports, deadLetter(job, at, { code: 'MESSAGE_LOST', message, retryable: true, at }));
    return 0;
  }
}
