// Walks another system's dead-letter queue, letter by letter, for those that say something new about a job. Each look
// costs, so a letter that was judged is not judged again.

import type { Job } from '../domain/job.js';
import type { Backend } from '../ports/backend.js';
import type { DeadLetterPage } from '../ports/dead-letter-queue.js';
import { judgeDeadLetter, type WatchPorts } from './watched-job.js';

const PAGE = 250;
/** Of one walk; the rest of a longer queue comes with the next one. */
const MAX_LETTERS = 20_000;

export interface WalkReport {
  readonly recorded: number;
  readonly recovered: number;
  /** Letters taken out. */
  readonly removed: number;
  /** False: the walk stopped before the end, or something has to be looked at again. */
  readonly complete: boolean;
}

export type WalkPorts = WatchPorts & Pick<Backend, 'deadLetters'>;

export class DeadLetterWalk {
  readonly #ports: WalkPorts;
  readonly #queue: string;
  /** Numbers of letters that were judged, as of the last whole walk and this one. */
  #judged = new Set<string>();
  #met = new Set<string>();
  #cursor: string | null = null;

  constructor(ports: WalkPorts, queue: string) {
    this.#ports = ports;
    this.#queue = queue;
  }

  /**
   * Dying in here repeats nothing: a job that was recorded has ended, one that was recovered has a newer message. Stops at
   * the end of a page when the signal fires.
   */
  async walk(isHeld: (job: Job) => boolean, signal: AbortSignal): Promise<WalkReport> {
    let [recorded, recovered, again] = [0, 0, 0];
    const over = new Set<string>();
    for (let looked = 0; looked < MAX_LETTERS && !signal.aborted; looked += PAGE) {
      const page: DeadLetterPage = await this.#ports.deadLetters.peek({ queue: this.#queue, limit: PAGE, ...(this.#cursor === null ? {} : { cursor: this.#cursor }) });
      for (const letter of page.letters) {
        const { sequenceNumber } = letter;
        const end = this.#judged.has(sequenceNumber) ? 'nothing' : await judgeDeadLetter(this.#ports, letter, isHeld);
        if (end === 'recorded') recorded += 1;
        if (end === 'recovered') recovered += 1;
        // One that cannot be taken out now is met again.
        if (end === 'recovered' || end === 'over') over.add(sequenceNumber);
        else if (end === 'changed') again += 1;
        else this.#met.add(sequenceNumber);
      }
      this.#cursor = page.nextCursor;
      if (this.#cursor === null) break;
    }
    const atEnd = this.#cursor === null && !signal.aborted;
    if (atEnd) this.#forgetGone();
    const removed = await removeLetters(this.#ports, this.#queue, over);
    return { recorded, recovered, removed, complete: atEnd && again === 0 && removed === over.size };
  }

  /** Letters that were not met have left the queue. */
  #forgetGone(): void {
    this.#judged = this.#met;
    this.#met = new Set();
  }
}

/**
 * Takes superseded letters out, so that nobody is alarmed by letters whose jobs run. As well as it goes: one that stays is
 * completed by the next replay, which finds it superseded. Answers how many went.
 */
export async function removeLetters({ deadLetters }: Pick<Backend, 'deadLetters'>, queue: string, sequenceNumbers: ReadonlySet<string>): Promise<number> {
  if (sequenceNumbers.size === 0) return 0;
  let removed = 0;
  try {
    for await (const taken of deadLetters.take({ queue, sequenceNumbers })) {
      if (taken.kind !== 'held') continue;
      await taken.complete();
      removed += 1;
    }
  } catch {
    // Not worth a failure of what was done before.
  }
  return removed;
}
