// SqliteQueueAdmin: the QueueAdmin port on the broker core. Counts come from the tallies, so they cost the same however
// many messages there are.

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { QueueAdmin, QueueCounts, QueueInfo, QueueSettings } from '../../ports/queue-admin.js';
import type { Broker } from './broker/broker.js';
import type { BrokerQueue, BrokerQueueSettings } from './broker/broker-queues.js';
import type { MessageState } from './broker/message-state.js';
import type { Reader } from './reader.js';
import { readTallies } from './tally.js';
import type { Writer } from './writer.js';

/** The names that Service Bus takes too, so that a queue can move there. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9])?$/;

export interface AdminParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly broker: Broker;
  readonly clock: Clock;
}

export class SqliteQueueAdmin implements QueueAdmin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  async list(names?: readonly string[]): Promise<QueueInfo[]> {
    await this.#sweepWhatIsDue();
    const { reader, broker, clock } = this.#parts;
    return reader.read((db) => {
      const countedAt = clock.now();
      const counts = new Map<string, number>();
      for (const { a: queue, b: state, count } of readTallies(db, 'messages')) counts.set(`${queue} ${state}`, count);
      return broker.queues
        .list()
        .filter(({ name }) => names === undefined || names.includes(name))
        .map((queue) => ({
          ...settingsOf(queue),
          pausedAt: queue.pausedAt,
          pausedBy: queue.pausedBy,
          counts: countsOf((state) => counts.get(`${queue.name} ${state}`) ?? 0),
          oldestDueAt: broker.queues.oldestDueAt(queue.id),
          countedAt,
        }));
    });
  }

  async create(settings: QueueSettings): Promise<'created' | 'changed' | 'unchanged'> {
    checkSettings(settings);
    return this.#parts.writer.write(() => this.#parts.broker.queues.create(brokerSettings(settings)));
  }

  async pause(name: string, by: string): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    await writer.write(() => broker.queues.pause(name, by, clock.now()));
  }

  async resume(name: string): Promise<void> {
    await this.#parts.writer.write(() => this.#parts.broker.queues.resume(name));
  }

  /**
   * Where no worker lives nobody else ends locks and expires messages, and the counts would show what is long over.
   * Only what one sweep does: a list must not take long. A file that cannot be written can still be looked at.
   */
  async #sweepWhatIsDue(): Promise<void> {
    const { writer, reader, broker, clock } = this.#parts;
    const at = await reader.read(() => broker.nextTimerAt(clock.now()));
    if (at === null || at > clock.now()) return;
    try {
      await writer.write(() => broker.sweep(clock.now()));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
}

/**
 * The worker counts attempts and ends a job in time; the broker's own limit is only a fuse behind it, far enough away
 * not to blow when a worker gives messages back.
 */
export function brokerSettings({ name, lockMs, ttlMs, maxAttempts }: QueueSettings): BrokerQueueSettings {
  return {
    name,
    lockMs,
    ttlMs,
    maxDeliveryCount: Math.max(10, 3 * maxAttempts),
    deadLetterOnExpiration: true,
    attributes: JSON.stringify({ maxAttempts }),
  };
}

function settingsOf({ name, lockMs, ttlMs, attributes }: BrokerQueue): QueueSettings {
  const { maxAttempts } = JSON.parse(attributes) as { maxAttempts: number };
  // Queues of this driver always expire: brokerSettings gives each a time to live.
  return { name, lockMs, ttlMs: ttlMs ?? Number.MAX_SAFE_INTEGER, maxAttempts };
}

function countsOf(count: (state: MessageState) => number): QueueCounts {
  return { active: count('active'), locked: count('locked'), scheduled: count('scheduled'), deadLetter: count('deadLettered') };
}

function checkSettings(settings: QueueSettings): void {
  if (!NAME.test(settings.name)) {
    throw new AppError('INPUT_INVALID', `queue name: expected letters, digits, '.', '_', '-' and '/', got ${JSON.stringify(settings.name)}`, {
      hint: 'a name has at most 260 characters and starts and ends with a letter or digit',
    });
  }
  for (const key of ['lockMs', 'ttlMs', 'maxAttempts'] as const) {
    if (Number.isSafeInteger(settings[key]) && settings[key] >= 1) continue;
    throw new AppError('INPUT_INVALID', `queue ${settings.name}: ${key} must be a whole number from 1, got ${settings[key]}`);
  }
}
