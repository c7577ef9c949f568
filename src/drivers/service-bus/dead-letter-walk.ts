// Takes chosen letters out of a dead-letter queue. Service Bus cannot be asked for one message, so everything in front of
// a chosen one has to be received too, and stays locked, since giving it back ("abandon") would only bring it again next.
//
// A pass walks from the front, over as many links as it needs, until everything chosen was met, nothing comes any more, or
// the locks of its first letters are about to end, which would bring those again. The next pass meets them again, and
// whatever lies behind; a pass that meets nothing new is the last. What was not met is gone, or somebody else holds it.

import { hasCode } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { DeadLetter, TakenLetter } from '../../ports/dead-letter-queue.js';
import { deadLetterOf, sequenceOf } from './incoming-message.js';
import { lockedUntil } from './lock-time.js';
import { findLetters, type PeekParts } from './peek-letters.js';
import type { HeldMessage, ReceiverLink } from './receiver-link.js';
import { withRetry } from './with-retry.js';

export interface WalkParts extends PeekParts {
  readonly clock: Clock;
  /** Of the queue, if its settings are known. */
  readonly lockMs: number | undefined;
  /** How long a broker that is away is waited for. */
  readonly takeBudgetMs: number;
}

export interface WalkOptions {
  readonly sequenceNumbers: ReadonlySet<string>;
  readonly inFlight: number;
  readonly signal?: AbortSignal;
}

/** How many letters one step may lock. */
const MAX_STEP = 250;
/** A pass ends so long before its first locks do. */
const PASS_SPARE_MS = 10_000;
const LOOK_MS = 5;
/** Before a letter that a look did not meet counts as held by somebody else. */
const PATIENT_LOOK_MS = 1_000;

interface MetLetter {
  readonly held: HeldMessage;
  readonly lockedUntil: number;
}

export class DeadLetterWalk {
  readonly #parts: WalkParts;
  readonly #options: WalkOptions;
  /** Chosen and not answered yet. */
  readonly #wanted: Set<string>;
  /** Chosen, locked, and not handed on yet. */
  #ahead: MetLetter[] = [];
  #link: ReceiverLink | undefined;
  #met = 0;
  #metChosen = 0;
  /** The highest number met in any pass, and whether this pass has met a higher one than those before it. */
  #furthest = 0n;
  #metNew = false;
  #passEndsAt = Infinity;
  /** Ends of the locks of letters that were met and not chosen. */
  #leftLocked: number[] = [];

  constructor(parts: WalkParts, options: WalkOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#wanted = new Set(options.sequenceNumbers);
  }

  async *letters(): AsyncGenerator<TakenLetter> {
    try {
      while (!this.#isStopped && (this.#ahead.length > 0 || (await this.#walkOn()))) {
        const letter = this.#ahead.shift();
        if (letter !== undefined && (await this.#isHeld(letter))) yield this.#taken(letter);
      }
      if (!this.#isStopped) yield* this.#answerMissing();
    } finally {
      for (const letter of this.#ahead) this.#leave(letter);
      this.#endLink();
    }
  }

  /** How many letters stay locked although nobody works on them, and when the last of them is free again. */
  get leftLocked(): { readonly count: number; readonly until: number } | null {
    const open = this.#leftLocked.filter((until) => until > this.#parts.clock.now());
    return open.length === 0 ? null : { count: open.length, until: Math.max(...open) };
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /** Receives until a chosen letter was met; false when no more will be met. */
  async #walkOn(): Promise<boolean> {
    while (this.#wanted.size > 0 && this.#ahead.length === 0 && !this.#isStopped) {
      if (this.#parts.clock.now() >= this.#passEndsAt) {
        if (!this.#metNew) return false;
        this.#endLink();
        this.#passEndsAt = Infinity;
        this.#metNew = false;
      }
      const held = await this.#step();
      if (held.length === 0) return false;
      for (const one of held) this.#meet(one);
    }
    return this.#ahead.length > 0;
  }

  async #step(): Promise<HeldMessage[]> {
    const max = this.#stepSize();
    const found = await this.#receive(max, LOOK_MS);
    if (found.length > 0 || this.#isStopped) return found;
    // A broker far away may answer a quick look before it has looked itself: only then is there something to wait for.
    const first = [...this.#wanted].sort(byNumber).slice(0, MAX_STEP);
    const present = await findLetters(this.#parts, first);
    return present.size === 0 && first.length === this.#wanted.size ? [] : await this.#receive(max, PATIENT_LOOK_MS);
  }

  /** As many as are likely to bring what the taker can work on at once. */
  #stepSize(): number {
    const density = (this.#metChosen + 1) / (this.#met + 1);
    return Math.min(MAX_STEP, Math.ceil(Math.min(this.#options.inFlight, this.#wanted.size) / density));
  }

  async #receive(max: number, waitMs: number): Promise<HeldMessage[]> {
    const { links, queue, clock, random, takeBudgetMs } = this.#parts;
    const { signal } = this.#options;
    const stop = signal === undefined ? {} : { signal };
    const receive = (): Promise<HeldMessage[]> => {
      if ((this.#link?.room ?? 0) < max) this.#endLink();
      this.#link ??= links.open();
      return this.#link.receive({ max, waitMs, ...stop });
    };
    try {
      return await withRetry(receive, { clock, random, budgetMs: takeBudgetMs, operation: 'take dead letters', queue, ...stop });
    } catch (error) {
      if (this.#isStopped) return [];
      throw error;
    }
  }

  /** The link stays open for what was handed on and is not settled; all other locks end by themselves. */
  #endLink(): void {
    this.#link?.retire();
    this.#link = undefined;
  }

  #meet(held: HeldMessage): void {
    const { clock, lockMs } = this.#parts;
    const number = sequenceOf(held.message);
    const letter = { held, lockedUntil: lockedUntil({ told: held.message.lockedUntilUtc?.getTime(), lockMs, now: clock.now() }) };
    this.#met += 1;
    this.#metNew ||= BigInt(number) > this.#furthest;
    if (BigInt(number) > this.#furthest) this.#furthest = BigInt(number);
    if (this.#wanted.has(number)) {
      this.#metChosen += 1;
      this.#ahead.push(letter);
      return;
    }
    this.#leave(letter);
    const spareMs = Math.min(PASS_SPARE_MS, (letter.lockedUntil - clock.now()) / 5);
    this.#passEndsAt = Math.min(this.#passEndsAt, letter.lockedUntil - spareMs);
  }

  #leave(letter: MetLetter): void {
    letter.held.link.forget(letter.held);
    this.#leftLocked.push(letter.lockedUntil);
  }

  /** A letter that waited for its turn, or whose link broke, gets a whole lock; one that lost its lock is met again. */
  async #isHeld(letter: MetLetter): Promise<boolean> {
    const { clock, lockMs = 60_000, links } = this.#parts;
    if (letter.held.link.isAttached && letter.lockedUntil - clock.now() > lockMs / 2) return true;
    try {
      await withRetry(() => links.renew(letter.held.message), this.#settleRetry('renew a lock'));
      return true;
    } catch (error) {
      if (!hasCode(error, 'LOCK_LOST')) throw error;
      letter.held.link.forget(letter.held);
      return false;
    }
  }

  #taken({ held }: MetLetter): TakenLetter {
    const letter: DeadLetter = deadLetterOf(held.message, this.#parts.queue);
    this.#wanted.delete(letter.sequenceNumber);
    return {
      kind: 'held',
      letter,
      complete: () => withRetry(() => held.link.settle(held, { outcome: 'complete' }), this.#settleRetry('complete a dead letter')),
      // Its lock ends by itself.
      release: async () => held.link.forget(held),
    };
  }

  async *#answerMissing(): AsyncGenerator<TakenLetter> {
    const missing = [...this.#wanted].sort(byNumber);
    const present = await findLetters(this.#parts, missing);
    for (const sequenceNumber of missing) {
      if (this.#isStopped) return;
      this.#wanted.delete(sequenceNumber);
      const { clock, lockMs } = this.#parts;
      // Since when it is held a look may not tell: a whole lock from now is the latest.
      const latest = lockMs === undefined ? null : clock.now() + lockMs;
      if (!present.has(sequenceNumber)) yield { kind: 'gone', sequenceNumber };
      else yield { kind: 'locked', sequenceNumber, until: present.get(sequenceNumber) ?? latest };
    }
  }

  #settleRetry(operation: string): Parameters<typeof withRetry>[1] {
    const { clock, random, queue, takeBudgetMs } = this.#parts;
    const { signal } = this.#options;
    return { clock, random, budgetMs: takeBudgetMs, operation, queue, ...(signal === undefined ? {} : { signal }) };
  }
}

/** Texts of whole numbers in the order of the numbers. */
function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
