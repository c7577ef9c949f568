// Sends what a command has saved for a queue that is another system: once, so that it can say where its job is, or beside
// work that goes on saving. What is not sent here is sent by a worker later.

import { AppError } from '../domain/errors.js';
import type { JobId } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import { relayOutbox, type OutboxFallback, type RelayResult } from './relay-outbox.js';

export interface RelayPorts extends Pick<Backend, 'store' | 'queue' | 'clock' | 'random' | 'outbox'> {
  readonly fallback: OutboxFallback;
}

export interface RelayedHere {
  readonly sent: number;
  /** Put on the store's own queue instead. */
  readonly moved: number;
  /** Of the newest try that failed. */
  readonly problem: string | null;
  readonly error: AppError | null;
}

/**
 * Undefined where messages are on their queue as soon as they are saved. What was saved stays accepted whatever happens
 * here, so a store that fails now is told of like a queue that refuses.
 */
export async function relayNow(
  ports: RelayPorts,
  request: { readonly jobIds?: readonly JobId[]; readonly budgetMs: number; readonly signal?: AbortSignal },
): Promise<RelayResult | undefined> {
  const { outbox } = ports;
  if (outbox === undefined) return undefined;
  try {
    return await relayOutbox({ ...ports, outbox }, request);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { sent: 0, moved: 0, left: 0, problem: `[${error.code}] ${error.message}`, error };
  }
}

const NOTHING: RelayedHere = { sent: 0, moved: 0, problem: null, error: null };
/** One look of the relay; it goes on as long as it gets rid of something. */
const PASS_MS = 5000;
const IDLE_PAUSE_MS = 50;
/** After a refusal the service is left alone for a while. */
const REFUSED_PAUSE_MS = 2000;

export interface RelayBeside {
  readonly onProgress?: (relayed: RelayedHere) => void;
  /** Ends the relay, not the work. */
  readonly signal?: AbortSignal;
}

/**
 * Relays while `work` runs, and after it until nothing is left that the queue takes. The work's own end, good or bad, is
 * what the caller gets.
 */
export async function relayBeside<T>(ports: RelayPorts, work: () => Promise<T>, options: RelayBeside = {}): Promise<{ readonly result: T; readonly relayed: RelayedHere }> {
  if (ports.outbox === undefined) return { result: await work(), relayed: NOTHING };
  const relay = new Relay(ports, options);
  const relaying = relay.run();
  // The work's own failure is what the caller gets.
  relaying.catch(() => undefined);
  try {
    const result = await work();
    relay.workEnded();
    return { result, relayed: await relaying };
  } catch (error) {
    relay.stop();
    await relaying.catch(() => undefined);
    throw error;
  }
}

class Relay {
  readonly #ports: RelayPorts;
  readonly #options: RelayBeside;
  readonly #stopped = new AbortController();
  readonly #wake = new AbortController();
  #total: RelayedHere = NOTHING;

  constructor(ports: RelayPorts, options: RelayBeside) {
    this.#ports = ports;
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.stop(), { once: true });
    if (options.signal?.aborted === true) this.stop();
  }

  /** What is saved by now is all there will be. */
  workEnded(): void {
    this.#wake.abort();
  }

  stop(): void {
    this.#stopped.abort();
    this.#wake.abort();
  }

  async run(): Promise<RelayedHere> {
    const { signal } = this.#stopped;
    for (;;) {
      const isLast = this.#wake.signal.aborted;
      if (signal.aborted) return this.#total;
      const pass = await relayNow(this.#ports, { budgetMs: PASS_MS, signal });
      this.#add(pass);
      const didSome = pass !== undefined && pass.sent + pass.moved > 0;
      const refused = pass !== undefined && (pass.left > 0 || (pass.problem !== null && !didSome));
      if (isLast && (refused || !didSome)) return this.#total;
      if (!isLast && (refused || !didSome)) await this.#ports.clock.sleep(refused ? REFUSED_PAUSE_MS : IDLE_PAUSE_MS, this.#wake.signal);
    }
  }

  #add(pass: RelayResult | undefined): void {
    if (pass === undefined) return;
    const { sent, moved, problem, error } = pass;
    this.#total = {
      sent: this.#total.sent + sent,
      moved: this.#total.moved + moved,
      problem: problem ?? (pass.left === 0 ? null : this.#total.problem),
      error: error ?? (pass.left === 0 ? null : this.#total.error),
    };
    if (sent + moved > 0) this.#options.onProgress?.(this.#total);
  }
}
