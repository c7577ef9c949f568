// SqliteDeadLetterQueue: the DeadLetterQueue port on the broker core. Letters are found by their number, so a selection
// is taken directly, and what was purged goes back to where it was.

import { AppError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetter, DeadLetterPage, DeadLetterQueue, PeekDeadLetters, TakeDeadLetters, TakenLetter } from '../../ports/dead-letter-queue.js';
import type { MessageProps } from '../../ports/message-queue.js';
import type { Broker } from './broker/broker.js';
import type { BrokerDeadLetter } from './broker/broker-message.js';
import { LETTER_LOCK_MS, type LetterLock } from './broker/dead-letters.js';
import type { Reader } from './reader.js';
import { readTallies } from './tally.js';
import type { Writer } from './writer.js';

export interface DeadLetterParts {
  readonly writer: Writer;
  readonly reader: Reader;
  readonly broker: Broker;
  readonly clock: Clock;
}

/** A selected number and what became of the try to lock it. */
interface Tried {
  readonly sequenceNumber: string;
  readonly lock: LetterLock;
}

export class SqliteDeadLetterQueue implements DeadLetterQueue {
  readonly #parts: DeadLetterParts;

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
  }

  async peek({ queue, limit, cursor, from }: PeekDeadLetters): Promise<DeadLetterPage> {
    const afterSeq = cursor === undefined ? readFrom(from) - 1 : readCursor(cursor);
    // One more than asked for tells whether there is a next page.
    const found = await this.#parts.reader.read(() => this.#parts.broker.deadLetters.peek({ queue, afterSeq, limit: limit + 1 }));
    const letters = found.slice(0, limit).map(deadLetterOf);
    const last = letters.at(-1);
    return { letters, nextCursor: found.length > limit && last !== undefined ? last.sequenceNumber : null };
  }

  /**
   * Locks `inFlight` letters in one step whenever the last ones have all been yielded. A process that dies leaves at most
   * twice that many locked, for LETTER_LOCK_MS.
   */
  async *take({ queue, sequenceNumbers, inFlight = 1, signal }: TakeDeadLetters): AsyncGenerator<TakenLetter> {
    const selected = [...sequenceNumbers].sort(byNumber);
    let ahead: Tried[] = [];
    try {
      for (let next = 0; next < selected.length || ahead.length > 0; ) {
        if (signal?.aborted === true) return;
        if (ahead.length === 0) {
          ahead = await this.#lockAll(queue, selected.slice(next, next + Math.max(1, inFlight)));
          next += ahead.length;
        }
        const tried = ahead.shift();
        if (tried !== undefined) yield this.#taken(await this.#refreshed(queue, tried));
      }
    } finally {
      await this.#releaseAll(ahead);
    }
  }

  async restore(letters: readonly DeadLetter[]): Promise<{ to: 'dead-letter'; restored: number; skipped: number }> {
    const { writer, broker } = this.#parts;
    const rows = letters.map(brokerLetterOf);
    const queues = new Set(letters.map(({ queue }) => queue));
    const restored = await writer.write(() => {
      // All of them before the first write, so that all letters go back or none.
      for (const queue of queues) broker.queues.require(queue);
      return rows.filter((row) => broker.deadLetters.restore(row)).length;
    });
    return { to: 'dead-letter', restored, skipped: letters.length - restored };
  }

  async count(queue: string): Promise<number> {
    return this.#parts.reader.read((db) => {
      this.#parts.broker.queues.require(queue);
      return readTallies(db, 'messages', queue).find(({ b }) => b === 'deadLettered')?.count ?? 0;
    });
  }

  #lockAll(queue: string, sequenceNumbers: readonly string[]): Promise<Tried[]> {
    const { writer, broker, clock } = this.#parts;
    return writer.write(() => {
      const now = clock.now();
      return sequenceNumbers.map((sequenceNumber): Tried => {
        const seq = readSequence(sequenceNumber);
        return { sequenceNumber, lock: seq === undefined ? { kind: 'gone' } : broker.deadLetters.lock({ queue, seq, now }) };
      });
    });
  }

  /** A letter that was locked long before its turn gets a new lock, so that its taker has time to settle it. */
  async #refreshed(queue: string, tried: Tried): Promise<Tried> {
    const { writer, broker, clock } = this.#parts;
    const { lock, sequenceNumber } = tried;
    if (lock.kind !== 'held' || lock.lockedUntil - clock.now() > LETTER_LOCK_MS / 2) return tried;
    const { seq, token } = lock.ref;
    return { sequenceNumber, lock: await writer.write(() => broker.deadLetters.lock({ queue, seq, token, now: clock.now() })) };
  }

  #taken({ sequenceNumber, lock }: Tried): TakenLetter {
    const { writer, broker, clock } = this.#parts;
    if (lock.kind === 'gone') return { kind: 'gone', sequenceNumber };
    if (lock.kind === 'locked') return { kind: 'locked', sequenceNumber, until: lock.until };
    return {
      kind: 'held',
      letter: deadLetterOf(lock.letter),
      complete: () => writer.write(() => broker.deadLetters.complete(lock.ref, clock.now())),
      release: () => writer.write(() => broker.deadLetters.release(lock.ref, clock.now())),
    };
  }

  async #releaseAll(tried: readonly Tried[]): Promise<void> {
    const { writer, broker, clock } = this.#parts;
    const held = tried.flatMap(({ lock }) => (lock.kind === 'held' ? [lock.ref] : []));
    // Each on its own: one whose lock has ended is free already and must not keep the others locked.
    await Promise.allSettled(held.map((ref) => writer.write(() => broker.deadLetters.release(ref, clock.now()))));
  }
}

function deadLetterOf({ seq, properties, ...letter }: BrokerDeadLetter): DeadLetter {
  return { ...letter, sequenceNumber: String(seq), properties: JSON.parse(properties) as MessageProps };
}

function brokerLetterOf(letter: DeadLetter): BrokerDeadLetter {
  const { sequenceNumber, properties, ...rest } = letter;
  const seq = readSequence(sequenceNumber);
  if (seq === undefined) {
    throw new AppError('INPUT_INVALID', `dead letter ${letter.messageId}: expected a sequence number of this backend, got ${sequenceNumber}`);
  }
  return { ...rest, seq, properties: JSON.stringify(properties) };
}

/** Undefined for a text that no message here can have as its number. */
function readSequence(text: string): number | undefined {
  const number = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A number that is too large for this backend is fine: there is nothing from it on. */
function readFrom(from = '1'): number {
  if (/^\d{1,19}$/.test(from)) return Math.min(Number(from), Number.MAX_SAFE_INTEGER);
  throw new AppError('INPUT_INVALID', `from: expected a sequence number, got ${JSON.stringify(from)}`);
}

function readCursor(cursor: string): number {
  const seq = readSequence(cursor);
  if (seq === undefined) throw new AppError('INPUT_INVALID', `cursor: expected the nextCursor of a page, got ${JSON.stringify(cursor)}`);
  return seq;
}

/** Texts of whole numbers in the order of the numbers. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
