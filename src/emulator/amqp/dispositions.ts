// Settles deliveries with frames of its own. rhea's `update` merges different outcomes of neighbouring deliveries that are
// settled in one turn: (accepted, modified) goes out as two times accepted, which loses a message.

import { type AmqpError, type Delivery, dispositionFrame, message, type Session, type Typed } from './rhea.js';

interface Pending {
  readonly delivery: Delivery;
  /** Null: accepted. */
  readonly error: AmqpError | null;
}

export class Dispositions {
  readonly #session: Session;
  readonly #pending = { incoming: [] as Pending[], outgoing: [] as Pending[] };
  #scheduled = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** `incoming`: the peer sent it; `outgoing`: the peer received it and waits for its outcome to be confirmed. */
  settle(direction: 'incoming' | 'outgoing', delivery: Delivery, error: AmqpError | null): void {
    delivery.settled = true;
    // No peer settles again what it is told is settled; rhea would keep the slot for that.
    const answered = delivery.remote_settled;
    delivery.remote_settled = true;
    if (!answered) this.#pending[direction].push({ delivery, error });
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(() => this.#write());
  }

  #write(): void {
    this.#scheduled = false;
    for (const direction of ['incoming', 'outgoing'] as const) {
      const pending = this.#pending[direction].splice(0);
      for (const { first, last, error } of runs(pending)) {
        const state = error === null ? accepted() : message.rejected({ error }).described();
        this.#session.output(dispositionFrame({ role: direction === 'incoming', first, last, settled: true, state }));
      }
    }
    // Frees the slots of what is settled.
    this.#session.connection._register();
  }
}

/** Neighbours that were all accepted share a frame; anything else has one of its own. */
function* runs(pending: readonly Pending[]): Generator<{ first: number; last: number; error: AmqpError | null }> {
  let run: { first: number; last: number; error: AmqpError | null } | undefined;
  for (const { delivery, error } of pending) {
    if (run !== undefined && run.error === null && error === null && delivery.id === run.last + 1) {
      run.last = delivery.id;
      continue;
    }
    if (run !== undefined) yield run;
    run = { first: delivery.id, last: delivery.id, error };
  }
  if (run !== undefined) yield run;
}

function accepted(): Typed {
  return message.accepted().described();
}
