// The relay: sends what the store has saved for a queue that is another system. A message may be sent twice, under the
// same id; the decision table absorbs the copy. It is never dropped: what is not accepted stays, or goes on the store's own
// queue where the policy says so.

import { AppError, type ErrorCode } from '../domain/errors.js';
import type { JobId } from '../domain/job.js';
import { encodeMessage } from '../domain/encode-message.js';
import type { OutboxEntry } from '../domain/message.js';
import { retryCeilingMs } from '../domain/retry-policy.js';
import type { Backend } from '../ports/backend.js';
import type { OutgoingMessage } from '../ports/message-queue.js';
import type { ClaimedEntry, Outbox } from '../ports/outbox.js';
import { linkedAbort } from '../ports/linked-abort.js';

/** `relay`: messages wait for their queue. `local`: what it refuses, or does not accept in time, goes on the store's own queue. */
export type OutboxFallback = 'relay' | 'local';

export interface RelayDeps extends Pick<Backend, 'store' | 'queue' | 'clock' | 'random'> {
  readonly outbox: Outbox;
  readonly fallback: OutboxFallback;
}

export interface RelayRequest {
  /** Only the messages of these jobs. */
  readonly jobIds?: readonly JobId[];
  /** No send is waited for longer, and but for the first none begins after half of it. What the policy moves is moved all the same. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

export interface RelayResult {
  readonly sent: number;
  /** Put on the store's own queue instead. */
  readonly moved: number;
  /** Taken and neither sent nor moved: they are tried again later. */
  readonly left: number;
  /** Why something was not sent, for people. */
  readonly problem: string | null;
  /** The same with its code and hint, where the queue gave an answer. */
  readonly error: AppError | null;
}

/** Why entries were not accepted. */
interface Refusal {
  /** Null: there was no time to try. */
  readonly problem: string | null;
  /** How long the queue asked to be left alone. */
  readonly afterMs: number;
  readonly error?: AppError;
}

const BATCH = 200;
/** A claim outlasts the send it is for, so that nobody else sends the same at the same time. */
const LEASE_MARGIN_MS = 5_000;
const BACKOFF = { baseMs: 1000, capMs: 60_000 };
const OUT_OF_TIME: Refusal = { problem: null, afterMs: 0 };
/** Stands for all queues. */
const EVERYWHERE = '*';
const NEVER = new AbortController().signal;
/** The fault of one message; others may go. */
const MESSAGE_FAULTS: readonly ErrorCode[] = ['SB_MESSAGE_TOO_LARGE', 'INPUT_INVALID', 'PAYLOAD_TOO_LARGE'];
/** The fault of one queue; other queues may take theirs. */
const QUEUE_FAULTS: readonly ErrorCode[] = ['QUEUE_UNKNOWN', 'SB_ENTITY_DISABLED', 'SB_QUOTA_EXCEEDED'];

/** Never throws for what the queue answers; throws what the store throws. */
export async function relayOutbox(deps: RelayDeps, request: RelayRequest): Promise<RelayResult> {
  const run = new RelayRun(deps, request);
  await run.all();
  return run.result();
}

export function outgoingMessage(entry: OutboxEntry, storeId: string): OutgoingMessage {
  const { queue, messageId, priority, notBefore, expiresAt } = entry;
  const { body, properties } = encodeMessage(entry, storeId);
  return { queue, messageId, body, properties: { ...properties }, priority, notBefore, expiresAt };
}

class RelayRun {
  readonly #deps: RelayDeps;
  readonly #request: RelayRequest;
  readonly #endsAt: number;
  /** By queue, what it refused in this run; EVERYWHERE: the service as a whole is away. */
  readonly #refusals = new Map<string, Refusal>();
  #sent = 0;
  #moved = 0;
  #left = 0;
  #problem: string | null = null;
  #error: AppError | null = null;

  constructor(deps: RelayDeps, request: RelayRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#endsAt = deps.clock.monotonic() + request.budgetMs;
  }

  result(): RelayResult {
    return { sent: this.#sent, moved: this.#moved, left: this.#left, problem: this.#problem, error: this.#error };
  }

  async all(): Promise<void> {
    const { jobIds } = this.#request;
    if (jobIds === undefined) return this.#untilNothingComes({});
    for (let from = 0; from < jobIds.length; from += BATCH) await this.#untilNothingComes({ jobIds: jobIds.slice(from, from + BATCH) });
  }

  /** A process that dies in here leaves what it had taken held until the lease ends; then it is sent, perhaps again. */
  async #untilNothingComes(only: Pick<RelayRequest, 'jobIds'>): Promise<void> {
    const leaseMs = this.#request.budgetMs + LEASE_MARGIN_MS;
    while (this.#mayGoOn()) {
      const claimed = await this.#deps.outbox.claim({ leaseMs, limit: BATCH, ...only });
      if (claimed.length === 0) return;
      for (const [queue, entries] of byQueue(claimed)) await this.#relay(queue, entries);
    }
  }

  #mayGoOn(): boolean {
    if (this.#request.signal?.aborted === true) return false;
    const isAway = this.#refusals.has(EVERYWHERE);
    if (isAway) return this.#mayMove();
    // After the first send the rest of the budget is for waiting: a queue that answers is not blamed for when it was asked.
    return this.#timeLeft() > (this.#sent > 0 ? this.#request.budgetMs / 2 : 0);
  }

  async #relay(queue: string, entries: readonly ClaimedEntry[]): Promise<void> {
    const refusal = this.#refusals.get(EVERYWHERE) ?? this.#refusals.get(queue) ?? (await this.#send(queue, entries));
    if (refusal !== undefined) await this.#notAccepted(entries, refusal);
  }

  /** Undefined when every entry was dealt with. */
  async #send(queue: string, entries: readonly ClaimedEntry[]): Promise<Refusal | undefined> {
    if (this.#timeLeft() <= 0) return OUT_OF_TIME;
    const { outbox, queue: target, store } = this.#deps;
    const sending = target.send(entries.map(({ entry }) => outgoingMessage(entry, store.storeId)));
    const answer = await this.#inTime(sending);
    if (answer === 'accepted') {
      // Dying here sends them again, under the same ids.
      await outbox.sent(entries);
      this.#sent += entries.length;
      return undefined;
    }
    return answer === 'late' ? this.#late(entries, sending) : this.#refused(queue, entries, answer.error);
  }

  /** The send is still under way: its entries stay claimed until it has ended, unless they are moved. */
  async #late(entries: readonly ClaimedEntry[], sending: Promise<void>): Promise<Refusal | undefined> {
    // Told to end, which says nothing about the queue: what is under way ends by itself, or its claim does.
    const toldToEnd = this.#request.signal?.aborted === true;
    const problem = toldToEnd ? null : `the queue did not answer within ${Math.round(this.#request.budgetMs)} ms`;
    const refusal = this.#remember(EVERYWHERE, { problem, afterMs: 0 });
    if (this.#mayMove() && !toldToEnd) return refusal;
    this.#left += entries.length;
    this.#problem = problem ?? this.#problem;
    void sending.then(() => this.#deps.outbox.sent(entries)).catch(() => undefined);
    return undefined;
  }

  async #refused(queue: string, entries: readonly ClaimedEntry[], error: unknown): Promise<Refusal | undefined> {
    const refusal = refusalOf(error);
    const isOneOf = (codes: readonly ErrorCode[]): boolean => error instanceof AppError && codes.includes(error.code);
    if (!isOneOf(MESSAGE_FAULTS)) return this.#remember(isOneOf(QUEUE_FAULTS) ? queue : EVERYWHERE, refusal);
    if (entries.length === 1) return refusal;
    // One message that the queue can never take must not keep the others back.
    const middle = Math.ceil(entries.length / 2);
    await this.#relay(queue, entries.slice(0, middle));
    await this.#relay(queue, entries.slice(middle));
    return undefined;
  }

  #remember(where: string, refusal: Refusal): Refusal {
    this.#refusals.set(where, refusal);
    return refusal;
  }

  async #notAccepted(entries: readonly ClaimedEntry[], refusal: Refusal): Promise<void> {
    const { outbox, clock } = this.#deps;
    const { problem } = refusal;
    this.#problem = problem ?? this.#problem;
    this.#error = refusal.error ?? this.#error;
    if (problem !== null && this.#mayMove()) {
      this.#moved += (await outbox.moveToLocal?.(entries, problem)) ?? 0;
      return;
    }
    this.#left += entries.length;
    const pauseMs = problem === null ? 0 : this.#pauseMs(entries, refusal);
    await outbox.notSent(entries, { problem, tryAgainAt: clock.now() + pauseMs });
  }

  /** Half of the ceiling at least: chance alone may come back at once, to a service that has just said no. */
  #pauseMs(entries: readonly ClaimedEntry[], { afterMs }: Refusal): number {
    const tries = 1 + Math.max(...entries.map((entry) => entry.tries));
    return Math.max(afterMs, Math.round((retryCeilingMs(tries, BACKOFF) * (1 + this.#deps.random())) / 2));
  }

  #mayMove(): boolean {
    return this.#deps.fallback === 'local' && this.#deps.outbox.moveToLocal !== undefined;
  }

  #timeLeft(): number {
    return this.#endsAt - this.#deps.clock.monotonic();
  }

  async #inTime(sending: Promise<void>): Promise<'accepted' | 'late' | { readonly error: unknown }> {
    const answered = sending.then(
      () => 'accepted' as const,
      (error: unknown) => ({ error }),
    );
    const { signal } = this.#request;
    const waiting = linkedAbort(signal ?? NEVER);
    const timeUp = this.#deps.clock.sleep(this.#timeLeft(), waiting.signal).then(() => 'late' as const);
    const first = await Promise.race([answered, timeUp]);
    waiting.end();
    return first;
  }
}

function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  const afterMs = error instanceof AppError ? error.details?.['retryAfterMs'] : undefined;
  return {
    problem: error instanceof AppError ? `[${error.code}] ${message}` : message,
    afterMs: typeof afterMs === 'number' ? afterMs : 0,
    ...(error instanceof AppError ? { error } : {}),
  };
}

function byQueue(claimed: readonly ClaimedEntry[]): Map<string, ClaimedEntry[]> {
  const groups = new Map<string, ClaimedEntry[]>();
  for (const each of claimed) {
    const group = groups.get(each.entry.queue);
    if (group === undefined) groups.set(each.entry.queue, [each]);
    else group.push(each);
  }
  return groups;
}
