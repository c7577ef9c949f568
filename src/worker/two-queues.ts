// Receives from two brokers as if they were one: the queue of another system, and the store's own one of the same name,
// which has what was moved there. Neither keeps the other waiting, and while the other system is away the own one goes on.

import { hasCode } from '../domain/errors.js';
import type { Clock } from '../ports/clock.js';
import type { Delivery, MessageQueue, ReceiveParams } from '../ports/message-queue.js';
import { linkedAbort } from '../ports/linked-abort.js';
import { isHopeless } from './failure-kinds.js';
import type { WorkerLog } from './worker-log.js';

export interface TwoQueuesParts {
  /** Another system's: slow to ask, may be away. */
  readonly far: Pick<MessageQueue, 'receive'>;
  /** The store's own. */
  readonly near: Pick<MessageQueue, 'receive'>;
  readonly clock: Clock;
  readonly log: WorkerLog;
}

/** What is known of a queue of the other system, by the monotonic clock. */
interface FarState {
  /** The last look found something. */
  busy: boolean;
  /** The same of the near one. */
  nearBusy: boolean;
  lookedAt: number;
  awayUntil: number;
  failures: number;
  /** A request was told to end and has not answered. */
  isOut: boolean;
  /** What such a request brought. */
  readonly late: Delivery[];
}

/** While the near queue has messages, the far one is looked at this often. */
const LOOK_EVERY_MS = 1000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const NEXT_MS = 50;
const NEAR_SLICE_MS = 250;
const FAR_GRACE_MS = 1000;
const NEVER = new AbortController().signal;

export class TwoQueues {
  readonly #parts: TwoQueuesParts;
  readonly #far = new Map<string, FarState>();
  #farHasWorked = false;
  #turn = 0;

  constructor(parts: TwoQueuesParts) {
    this.#parts = parts;
  }

  /** As MessageQueue.receive. Failures of the other system are logged and absorbed, unless they are hopeless. */
  async receive(params: ReceiveParams): Promise<Delivery[]> {
    const state = this.#stateOf(params.queue);
    if (state.late.length > 0) return state.late.splice(0, params.max);
    // With both busy each has the first pick in turn, and half of the room then: with one slot that is every other message.
    const bothBusy = state.busy && state.nearBusy;
    const farFirst = bothBusy ? this.#turn++ % 2 === 1 : state.nearBusy && this.#isLookDue(state);
    if (farFirst) {
      const far = await this.#takeFar({ ...params, max: half(params.max), waitMs: 0 });
      const near = await this.#takeNear({ ...params, max: params.max - far.length }, far);
      if (far.length + near.length > 0) return [...far, ...near];
    } else {
      const near = await this.#takeNear({ ...params, max: bothBusy ? half(params.max) : params.max }, []);
      if (near.length > 0) return [...near, ...(await this.#lookFar({ ...params, max: params.max - near.length }, state))];
    }
    if (params.waitMs <= 0) return this.#takeFar(params);
    return state.busy ? this.#takeNext(params, state) : this.#waitForEither(params, state);
  }

  /** What is there at once. A failure must not cost the messages that are held already: it comes again with the next call. */
  async #takeNear(params: ReceiveParams, held: readonly Delivery[]): Promise<Delivery[]> {
    if (params.max < 1) return [];
    try {
      return await this.#receiveNear({ ...params, waitMs: 0 });
    } catch (error) {
      if (held.length === 0) throw error;
      return [];
    }
  }

  async #lookFar(params: ReceiveParams, state: FarState): Promise<Delivery[]> {
    if (params.max < 1 || !(state.busy || this.#isLookDue(state))) return [];
    try {
      return await this.#takeFar({ ...params, waitMs: 0 });
    } catch {
      // Hopeless, but the near queue's messages are held: they are worked on first.
      return [];
    }
  }

  /** The far one has just had something: the next comes in a moment, and waiting for both costs more than that. */
  async #takeNext(params: ReceiveParams, state: FarState): Promise<Delivery[]> {
    const next = await this.#takeFar({ ...params, waitMs: Math.min(params.waitMs, NEXT_MS) });
    return next.length > 0 || params.signal?.aborted === true ? next : this.#waitForEither(params, state);
  }

  #isLookDue({ lookedAt }: FarState): boolean {
    return this.#parts.clock.monotonic() - lookedAt >= LOOK_EVERY_MS;
  }

  async #waitForEither(params: ReceiveParams, state: FarState): Promise<Delivery[]> {
    const { clock } = this.#parts;
    const found = linkedAbort(params.signal ?? NEVER);
    const awayMs = state.awayUntil - clock.monotonic();
    const waitMs = awayMs > 0 ? Math.min(params.waitMs, awayMs) : params.waitMs;
    const endingBoth = async (receiving: Promise<Delivery[]>): Promise<Delivery[]> => {
      let deliveries: Delivery[] | undefined;
      try {
        return (deliveries = await receiving);
      } finally {
        // Nothing from one of them is no reason to stop waiting for the other.
        if (deliveries?.length !== 0) found.end();
      }
    };
    const request = { ...params, waitMs, signal: found.signal };
    let farIsOut = true;
    const far = endingBoth(this.#takeFar(request)).finally(() => (farIsOut = false));
    // It may fail for good while the near one is still being told to end: nobody listens to it yet, and that would end the process.
    far.catch(() => undefined);
    const near = endingBoth(this.#nearWhile(() => farIsOut, request));
    const [fromNear] = await Promise.allSettled([near]);
    const fromFar = await this.#inTime(far, state, found.signal);
    found.end();
    return this.#atMost(params.max, fromFar, fromNear);
  }

  /** The far one may take longer than it was asked to: the near one is looked after all the while. */
  async #nearWhile(farIsOut: () => boolean, request: ReceiveParams): Promise<Delivery[]> {
    let waitMs = request.waitMs;
    for (;;) {
      const deliveries = await this.#receiveNear({ ...request, max: 1, waitMs });
      if (deliveries.length > 0 || !farIsOut() || request.signal?.aborted === true) return deliveries;
      waitMs = Math.min(request.waitMs, NEAR_SLICE_MS);
    }
  }

  /** An answer that does not come although it was told to end is not waited for: what it brings is handed out later. */
  async #inTime(far: Promise<Delivery[]>, state: FarState, signal: AbortSignal): Promise<PromiseSettledResult<Delivery[]>> {
    const settled = Promise.allSettled([far]).then(([only]) => only);
    if (!signal.aborted) return settled;
    const inTime = await Promise.race([settled, this.#parts.clock.sleep(FAR_GRACE_MS)]);
    if (inTime !== undefined) return inTime;
    state.isOut = true;
    void settled.then((ended) => {
      state.isOut = false;
      if (ended.status === 'fulfilled') state.late.push(...ended.value);
    });
    return { status: 'fulfilled', value: [] };
  }

  /** Both may have found something in the same moment: the near one is given back when there is no room for it. */
  async #atMost(max: number, far: PromiseSettledResult<Delivery[]>, near: PromiseSettledResult<Delivery[]>): Promise<Delivery[]> {
    const fromFar = far.status === 'fulfilled' ? far.value : [];
    const fromNear = near.status === 'fulfilled' ? near.value : [];
    const surplus = fromNear.splice(Math.max(0, max - fromFar.length));
    await Promise.allSettled(surplus.map((delivery) => delivery.release(0)));
    if (fromFar.length + fromNear.length > 0) return [...fromFar, ...fromNear];
    for (const ended of [far, near]) if (ended.status === 'rejected') throw ended.reason;
    return [];
  }

  /** A queue that was made by hand in the other system has no twin before something is moved there. */
  async #receiveNear(params: ReceiveParams): Promise<Delivery[]> {
    const state = this.#stateOf(params.queue);
    try {
      const deliveries = await this.#parts.near.receive(params);
      state.nearBusy = deliveries.length > 0;
      return deliveries;
    } catch (error) {
      if (!hasCode(error, 'QUEUE_UNKNOWN')) throw error;
      if (params.waitMs > 0) await this.#parts.clock.sleep(params.waitMs, params.signal);
      return [];
    }
  }

  async #takeFar(params: ReceiveParams): Promise<Delivery[]> {
    const { far, clock } = this.#parts;
    const state = this.#stateOf(params.queue);
    if (params.max < 1 || state.isOut || clock.monotonic() < state.awayUntil) return [];
    const { failures } = state;
    try {
      const deliveries = await far.receive(params);
      this.#farHasWorked = true;
      state.failures = 0;
      state.busy = deliveries.length > 0;
      return deliveries;
    } catch (error) {
      this.#failed(error, state, failures);
      return [];
    } finally {
      state.lookedAt = clock.monotonic();
    }
  }

  /** `failures`: as they were when the request began. Those of requests that ran at the same time are one. */
  #failed(error: unknown, state: FarState, failures: number): void {
    const { clock, log } = this.#parts;
    state.busy = false;
    if (isHopeless(error, { hasWorked: this.#farHasWorked })) throw error;
    if (state.failures > failures) return;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** state.failures, LONGEST_PAUSE_MS);
    state.failures += 1;
    state.awayUntil = clock.monotonic() + pauseMs;
    log.error({ err: error, failures: state.failures }, `messages could not be taken; trying again in ${pauseMs} ms, the store's own queue goes on`);
  }

  #stateOf(queue: string): FarState {
    const known = this.#far.get(queue) ?? { busy: false, nearBusy: false, lookedAt: -Infinity, awayUntil: -Infinity, failures: 0, isOut: false, late: [] };
    this.#far.set(queue, known);
    return known;
  }
}

function half(max: number): number {
  return Math.ceil(max / 2);
}
