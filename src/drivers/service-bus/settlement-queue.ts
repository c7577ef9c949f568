// The order in which one receiver's deliveries are settled. rhea 3.0.5 writes the outcomes of one turn of the event loop
// in runs of neighbouring deliveries and compares no outcome with the first of its run: a completion next to a
// dead-lettering would be carried out as whatever came first, which loses messages. So only completions share a turn.

export type Outcome = 'complete' | 'dead-letter';

interface Settlement {
  readonly outcome: Outcome;
  readonly start: () => void;
}

export class SettlementQueue {
  #waiting: Settlement[] = [];
  #running = false;

  /** Calls `send`, which must write its outcome before it first waits, in a turn where nothing else is written. */
  settle(outcome: Outcome, send: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, start: () => void send().then(resolve, reject) });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Settlements that are asked for in the same turn go out together when they may.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const other = this.#waiting.findIndex(({ outcome }) => outcome !== 'complete');
      const together = other === -1 ? this.#waiting.length : Math.max(1, other);
      for (const { start } of this.#waiting.splice(0, together)) start();
      // rhea writes when the turn's callbacks are done, before this resumes.
      await new Promise(setImmediate);
    }
    this.#running = false;
  }
}
