// The line that frames go over, with how much of them has arrived. What the system and a connection keep on its way can be
// seconds of a slow line, and Node hears nothing of it. So a question goes with the frames now and then (DSR 5 of ECMA-48,
// which terminals answer with `CSI 0 n`): while its answer is late, nothing more is sent, and the newest frame is the next.

import type { Clock } from '../../ports/clock.js';
import type { Outgoing } from './outgoing.js';

const QUESTION = '\u001b[5n';
/** Nothing shorter than this is worth a question, on a line that keeps up. */
const ASK_AFTER_CHARACTERS = 1024;
/** A line that answers later than this gets one frame at a time. */
const LATE_MS = 250;
/** A screen or two: more is not sent into the unknown. */
const MOST_UNDER_WAY = 8192;
/** An answer that has not come by then does not come. */
const GIVE_UP_MS = 10_000;
/** At the end an answer is waited for so long, for it would stand in the shell's line; less where there never was one. */
const LAST_WAIT_MS = 4_000;
const FIRST_ANSWER_MS = 500;

export class FrameLine {
  readonly #outgoing: Outgoing;
  readonly #clock: Clock;
  #askedAt: number | undefined;
  #answers: 'unknown' | 'come' | 'never' = 'unknown';
  #lastMs = 0;
  /** Characters since the last question. */
  #unasked = 0;
  /** Characters of which is not known that they have arrived. */
  #underWay = 0;
  #drained: (() => void) | undefined;
  #patience: AbortController | undefined;

  constructor(outgoing: Outgoing, clock: Clock) {
    this.#outgoing = outgoing;
    this.#clock = clock;
  }

  write(frame: string): void {
    this.#unasked += frame.length;
    this.#underWay += frame.length;
    if (!this.#wantsToAsk()) return this.#outgoing.write(frame);
    this.#ask();
    this.#outgoing.write(frame + QUESTION);
  }

  /** 0: the next frame may go. */
  backlog(): number {
    return this.#outgoing.backlog > 0 || !this.#isLate() ? this.#outgoing.backlog : this.#underWay;
  }

  /** Called once, when the next frame may go. */
  onDrain(handler: () => void): void {
    this.#drained = handler;
    if (this.#outgoing.backlog > 0) this.#tellDrained();
  }

  /** The terminal has answered. */
  answered(): void {
    this.#answers = 'come';
    if (this.#askedAt === undefined) return;
    this.#lastMs = this.#clock.monotonic() - this.#askedAt;
    this.#endQuestion();
    this.#underWay = this.#unasked;
    this.#tellDrained();
  }

  /** How long, in milliseconds, an answer may still come for which there will be no reader. */
  answerDueMs(): number {
    // A question at the end of what was not taken is not asked.
    if (this.#askedAt === undefined || this.#outgoing.backlog > 0) return 0;
    if (this.#answers === 'come') return LAST_WAIT_MS;
    return Math.max(0, this.#askedAt + FIRST_ANSWER_MS - this.#clock.monotonic());
  }

  /** Another program has the terminal, and with it what was to be answered. */
  forget(): void {
    this.#endQuestion();
    this.#underWay = 0;
  }

  #wantsToAsk(): boolean {
    if (this.#askedAt !== undefined || this.#answers === 'never') return false;
    return this.#answers === 'unknown' || this.#lastMs > LATE_MS || this.#unasked >= ASK_AFTER_CHARACTERS;
  }

  #ask(): void {
    this.#askedAt = this.#clock.monotonic();
    this.#unasked = 0;
    this.#patience = new AbortController();
    void this.#giveUpLater(this.#patience.signal);
  }

  /** Nothing waits for a terminal that does not answer. One that answers after all is asked again. */
  async #giveUpLater(signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(GIVE_UP_MS, signal);
    if (signal.aborted) return;
    this.#endQuestion();
    this.#answers = 'never';
    this.#lastMs = 0;
    this.#tellDrained();
  }

  #endQuestion(): void {
    this.#askedAt = undefined;
    this.#patience?.abort();
  }

  #isLate(): boolean {
    if (this.#askedAt === undefined || this.#answers !== 'come') return false;
    return this.#lastMs > LATE_MS || this.#underWay > MOST_UNDER_WAY || this.#clock.monotonic() - this.#askedAt > LATE_MS;
  }

  #tellDrained(): void {
    if (this.#outgoing.backlog > 0) return this.#outgoing.onDrain(() => this.#tellDrained());
    if (this.#isLate()) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }
}
