// Watches what another system's broker does to messages by itself, because it tells nobody: expires them, moves them to
// its dead letters, or loses them when somebody deletes a queue. Each finding is compared with the job, and only the
// message that is the job's newest speaks for it.
//
// The store says which jobs are overdue (ports/watched-jobs.ts); those are looked up where they should be. A whole
// dead-letter queue is walked only when its count has changed, at most once a minute, by one worker at a time.

import { AppError } from '../domain/errors.js';
import type { Job, JobDelivery } from '../domain/job.js';
import { deadLetter } from '../domain/lifecycle.js';
import type { Backend } from '../ports/backend.js';
import type { QueueInfo } from '../ports/queue-admin.js';
import type { WatchedJobs } from '../ports/watched-jobs.js';
import type { WorkerRecord } from '../ports/worker-registry.js';
import { DeadLetterWalk, removeLetters } from './dead-letter-walk.js';
import { heldBy, type IsHeld } from './held-jobs.js';
import { LostMessages } from './lost-messages.js';
import { liveWorkers } from './wait-hold-up.js';
import { judgeDeadLetter, save } from './watched-job.js';

export interface WatchDeps extends Pick<Backend, 'store' | 'deadLetters' | 'admin' | 'events' | 'workers' | 'clock' | 'elsewhere'> {
  readonly watched: WatchedJobs;
}

export interface WatchSettings {
  /** The queues this worker takes from. */
  readonly queues: readonly string[];
  readonly workerId: string;
}

export interface WatchReport {
  /** Jobs that are DeadLettered now. */
  readonly recorded: number;
  /** Jobs that have a new message now. */
  readonly recovered: number;
  /** Why something could not be looked at; null when nothing went wrong. */
  readonly problem: string | null;
}

/** A lock that has just ended is no reason to look: its message is on its way to the next worker. */
const GRACE_MS = 30_000;
const LOOK_AGAIN_MS = 5 * 60_000;
const SUSPECTS = 100;
const COUNT_EVERY_MS = 60_000;
/** Where counts cannot be had, or only as far as was looked, whole queues are walked this often. */
const WALK_BLINDLY_MS = 10 * 60_000;
/** A broker may take its time to move what has expired. After this nobody waits for it: no attempt could start any more. */
const EXPIRED_FOR_GOOD_MS = 10 * 60_000;

interface QueueWatch {
  readonly walk: DeadLetterWalk;
  readonly lost: LostMessages;
  /** Dead letters when the walk before was complete. */
  lastCount: number;
  walkedAt: number;
}

export class DeadLetterWatch {
  readonly #deps: WatchDeps;
  readonly #settings: WatchSettings;
  readonly #queues = new Map<string, QueueWatch>();
  #countedAt = -Infinity;

  constructor(deps: WatchDeps, settings: WatchSettings) {
    this.#deps = deps;
    this.#settings = settings;
  }

  /**
   * Call it every few seconds. Every change is one conditional save: a process that dies in here leaves nothing half done.
   * Begins nothing more when the signal fires.
   */
  async round(signal: AbortSignal = NEVER): Promise<WatchReport> {
    const live = await liveWorkers(this.#deps);
    const look: Look = { isHeld: heldBy(live), signal, sum: { recorded: 0, recovered: 0, problem: null } };
    await told(look, () => this.#lookUpSuspects(look));
    if (this.#deps.clock.monotonic() - this.#countedAt >= COUNT_EVERY_MS) await told(look, () => this.#countAndWalk(live, look));
    return look.sum;
  }

  async #lookUpSuspects(look: Look): Promise<void> {
    const { watched, clock } = this.#deps;
    const now = clock.now();
    const suspects = await watched.take({ before: now - GRACE_MS, lookAgainAt: now + LOOK_AGAIN_MS, limit: SUSPECTS });
    /** Queues that cannot be looked into now: what was taken of them comes again in a while. */
    const closed = new Set<string>();
    for (const job of suspects) {
      if (look.signal.aborted) return;
      // A message that was never sent is the relay's matter.
      if (job.queueMode === 'pending' || look.isHeld(job)) continue;
      const { delivery } = job;
      if (delivery !== null && !closed.has(delivery.queue) && !(await told(look, () => this.#lookUp(delivery, look)))) closed.add(delivery.queue);
      // Refused where the letter has changed the job.
      if (job.expiresAt !== null && job.expiresAt <= now - EXPIRED_FOR_GOOD_MS) await this.#expire(job, look.sum);
    }
  }

  /** At the number its message had when the attempt began: a message keeps it among the dead letters. */
  async #lookUp({ queue, brokerSequence }: JobDelivery, { isHeld, sum }: Look): Promise<void> {
    const { letters } = await this.#deps.deadLetters.peek({ queue, limit: 1, from: brokerSequence });
    const letter = letters.find(({ sequenceNumber }) => sequenceNumber === brokerSequence);
    if (letter === undefined) return;
    const end = await judgeDeadLetter(this.#deps, letter, isHeld);
    if (end === 'recorded') sum.recorded += 1;
    if (end === 'recovered') sum.recovered += 1;
    if (end === 'recovered' || end === 'over') await removeLetters(this.#deps, queue, new Set([brokerSequence]));
  }

  /** Its outcome is certain, whether the message is still there, among the dead letters, or gone. */
  async #expire(job: Job, sum: Sum): Promise<void> {
    const at = this.#deps.clock.now();
    const what = job.status === 'Running' ? 'the one that ran never reported back' : 'its message did not arrive by then';
    const message = `no attempt may start after ${new Date(job.expiresAt ?? at).toISOString()}, and ${what}`;
    if (await save(this.#deps, deadLetter(job, at, { code: 'EXPIRED', message, retryable: false, at }))) sum.recorded += 1;
  }

  async #countAndWalk(live: readonly WorkerRecord[], look: Look): Promise<void> {
    const mine = this.#settings.queues.filter((queue) => this.#isElected(queue, live));
    this.#countedAt = this.#deps.clock.monotonic();
    if (mine.length === 0) return;
    const counts = await this.#counts(mine, look.sum);
    for (const queue of mine) {
      if (look.signal.aborted) return;
      const info = counts?.find(({ name }) => name === queue);
      // One that is switched off, say, keeps no other from being looked at.
      await told(look, async () => {
        await this.#walk(queue, { count: counts === undefined ? undefined : (info?.counts.deadLetter ?? 0), isWhole: info?.partial === undefined }, look);
        if (info !== undefined) look.sum.recovered += await this.#watchOf(queue).lost.look(info, look.isHeld);
      });
    }
  }

  /** Undefined when the account may not see them. */
  async #counts(queues: readonly string[], sum: Sum): Promise<readonly QueueInfo[] | undefined> {
    try {
      return await this.#deps.admin.list(queues);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      sum.problem = `[${error.code}] ${error.message}`;
      return undefined;
    }
  }

  async #walk(queue: string, { count, isWhole }: { count: number | undefined; isWhole: boolean }, { isHeld, signal, sum }: Look): Promise<void> {
    const watch = this.#watchOf(queue);
    const { clock } = this.#deps;
    const mayHaveMore = count === undefined || !isWhole;
    const isDue = (count !== undefined && count !== watch.lastCount) || (mayHaveMore && clock.monotonic() - watch.walkedAt >= WALK_BLINDLY_MS);
    if (!isDue) return;
    watch.walkedAt = clock.monotonic();
    const { recorded, recovered, removed, complete } = await watch.walk.walk(isHeld, signal);
    sum.recorded += recorded;
    sum.recovered += recovered;
    // Not done: the count must look changed the next time.
    watch.lastCount = complete && count !== undefined ? count - removed : -1;
  }

  #watchOf(queue: string): QueueWatch {
    const known = this.#queues.get(queue) ?? { walk: new DeadLetterWalk(this.#deps, queue), lost: new LostMessages(this.#deps, queue), lastCount: 0, walkedAt: -Infinity };
    this.#queues.set(queue, known);
    return known;
  }

  /** One worker for each queue is enough; two doing it at once is harmless. */
  #isElected(queue: string, live: readonly WorkerRecord[]): boolean {
    const serving = live.filter((worker) => !worker.draining && worker.queues.includes(queue)).map(({ workerId }) => workerId);
    const [first] = serving.sort();
    return first === undefined || first === this.#settings.workerId;
  }
}

type Sum = { -readonly [Key in keyof WatchReport]: WatchReport[Key] };

interface Look {
  readonly isHeld: IsHeld;
  readonly signal: AbortSignal;
  readonly sum: Sum;
}

const NEVER = new AbortController().signal;

/** False, and the reason is in the report, when store or queue would not: nothing is lost by looking again in a while. */
async function told({ sum }: Look, act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    sum.problem = `[${error.code}] ${error.message}`;
    return false;
  }
}
