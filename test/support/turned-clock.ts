// A clock that a test sets, for what keeps timers of its own: a sleep ends when its time has passed on this clock, or in
// reality, whichever comes first. `now` stands still until it is moved.

import { systemClock } from '../../src/ports/clock.js';
import { SettableClock } from './settable-clock.js';

interface Sleeper {
  readonly until: number;
  readonly wake: AbortController;
}

export class TurnedClock extends SettableClock {
  readonly #sleepers = new Set<Sleeper>();

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const sleeper = { until: this.now() + ms, wake: new AbortController() };
    this.#sleepers.add(sleeper);
    await systemClock.sleep(ms, signal === undefined ? sleeper.wake.signal : AbortSignal.any([signal, sleeper.wake.signal]));
    this.#sleepers.delete(sleeper);
  }

  override advance(ms: number): void {
    super.advance(ms);
    for (const { until, wake } of this.#sleepers) if (until <= this.now()) wake.abort();
  }
}
