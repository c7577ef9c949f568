// ServiceBusDeadLetterQueue: the DeadLetterQueue port on the SDK.

import { AppError } from '../../domain/errors.js';
import type { DeadLetter, DeadLetterPage, DeadLetterQueue, PeekDeadLetters, TakeDeadLetters, TakenLetter } from '../../ports/dead-letter-queue.js';
import type { MessageQueue } from '../../ports/message-queue.js';
import type { QueueAdmin, QueueSettings } from '../../ports/queue-admin.js';
import { DeadLetterWalk, type WalkParts } from './dead-letter-walk.js';
import { peekLetters } from './peek-letters.js';
import { type LinkParts, ReceiverLinks } from './receiver-links.js';
import { restoredMessage } from './restore-letters.js';

export interface DeadLetterParts extends LinkParts {
  readonly random: () => number;
  readonly queues: readonly QueueSettings[];
  /** Takes restored letters. */
  readonly queue: Pick<MessageQueue, 'send'>;
  /** `forgetCounts`: what was counted before is no longer so. */
  readonly admin: Pick<QueueAdmin, 'list'> & { forgetCounts?(): void };
  readonly lookBudgetMs: number;
  readonly takeBudgetMs: number;
}

export class ServiceBusDeadLetterQueue implements DeadLetterQueue {
  readonly #parts: DeadLetterParts;
  readonly #links = new Map<string, ReceiverLinks>();

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
  }

  peek({ queue, ...page }: PeekDeadLetters): Promise<DeadLetterPage> {
    return peekLetters(this.#walkParts(queue), page);
  }

  /**
   * See dead-letter-walk.ts. A letter that was locked and not completed (in front of a chosen one, released, or locked
   * ahead when the taker stopped) stays locked until its lock ends; so it does when this process dies.
   */
  async *take({ queue, sequenceNumbers, inFlight = 1, signal, onLeftLocked }: TakeDeadLetters): AsyncGenerator<TakenLetter> {
    const walk = new DeadLetterWalk(this.#walkParts(queue), {
      sequenceNumbers,
      inFlight: Math.max(1, inFlight),
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      yield* walk.letters();
    } finally {
      const left = walk.leftLocked;
      if (left !== null) onLeftLocked?.(left);
      this.#parts.admin.forgetCounts?.();
    }
  }

  /** In batches, so a failure may leave some of them sent: sending all again is harmless where duplicates are. */
  async restore(letters: readonly DeadLetter[], options: { readonly signal?: AbortSignal } = {}): Promise<{ readonly to: 'queue'; readonly restored: number; readonly skipped: number }> {
    await this.#parts.queue.send(letters.map(restoredMessage), { patient: true, ...options });
    return { to: 'queue', restored: letters.length, skipped: 0 };
  }

  async count(queue: string): Promise<number> {
    const [info] = await this.#parts.admin.list([queue]);
    if (info === undefined) throw new AppError('QUEUE_UNKNOWN', `no queue is named ${JSON.stringify(queue)}`, { hint: 'see the queues with `copiloteval queues list`' });
    return info.counts.deadLetter;
  }

  #walkParts(queue: string): WalkParts {
    const { clock, random, queues, lookBudgetMs, takeBudgetMs } = this.#parts;
    const links = this.#links.get(queue) ?? new ReceiverLinks(this.#parts, { queue, deadLetter: true });
    this.#links.set(queue, links);
    const lockMs = queues.find(({ name }) => name === queue)?.lockMs;
    return { links, queue, clock, random, lockMs, lookBudgetMs, takeBudgetMs };
  }
}
